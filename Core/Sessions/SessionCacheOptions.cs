namespace Overnight.Core.Sessions;

/// <summary>How sessions are cached. The options must be the same in every process that reads or warms sessions.</summary>
public sealed class SessionCacheOptions : IValidatedOptions
{
    public const string Section = "Sessions";

    /// <summary>Smallest length of a signing key in bytes.</summary>
    private const int LeastKey = 32;

    /// <summary>
    /// How long a session stays in a node's memory, which bounds a revocation should its message be lost. Zero keeps none.
    /// </summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Keys that cached sessions are signed with, base64 of 32 bytes or more: the first one signs, a second one is accepted while processes
    /// change over. Without any, the key is used that <c>migrate</c> generated and stored in PostgreSQL.
    /// </summary>
    public IList<string> SigningKeys { get; } = [];

    // Messages leave out the keys, because they are secrets.
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
