namespace Overnight.Core.Sessions;

/// <summary>How sessions are cached; the same in every process that reads or warms them.</summary>
public sealed class SessionCacheOptions : IValidatedOptions
{
    public const string Section = "Sessions";

    /// <summary>Bytes of a signing key, at least.</summary>
    private const int LeastKey = 32;

    /// <summary>
    /// How long a session stays in a node's memory: the bound on a revocation should its message be lost. Zero keeps none.
    /// </summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Keys that cached sessions are signed with, base64 of 32 bytes or more: the first signs, and one more is accepted while
    /// processes change over. Without any, one that <c>migrate</c> made and keeps in PostgreSQL.
    /// </summary>
    public IList<string> SigningKeys { get; } = [];

    // A key itself is not told.
    void IValidatedOptions.Check(OptionRules rules, string path)
    {
        rules.Require(nameof(SigningKeys), SigningKeys.Count <= 2, "two keys at most", $"{SigningKeys.Count} keys");
        foreach (var (at, key) in SigningKeys.Index())
            rules.RequireUntold($"{nameof(SigningKeys)}:{at}", Decode(key) is not null, "base64 of 32 bytes or more");
    }

    internal static byte[]? Decode(string text)
    {
        var key = new byte[text.Length];
        return Convert.TryFromBase64String(text, key, out var length) && length >= LeastKey ? key[..length] : null;
    }
}
