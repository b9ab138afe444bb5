namespace Overnight.Core.Sessions;

/// <summary>Limits of sign-in, and the lifetime and caching of sessions. Every process reads this section.</summary>
public sealed class UserSessionOptions : IValidatedOptions
{
    public const string Section = "Sessions";

    /// <summary>Bytes of a signing key, at least.</summary>
    private const int LeastKey = 32;

    /// <summary>From sign-in to expiry, however active the session is.</summary>
    [Between("00:05:00", "365.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How often activity is written back; a session is written once in it at most. A write costs PostgreSQL some 50 µs, and
    /// who opens the dashboard does more than one thing there.
    /// </summary>
    [Between("00:00:01", "01:00:00")]
    public TimeSpan ActivityInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Sign-in attempts with one e-mail address from one network (24 bits of IPv4, 64 of IPv6) in a window, on all nodes together. Further
    /// ones are refused. The same number from all networks together only delays further ones.
    /// </summary>
    [Between(1, 10_000)]
    public int AttemptsPerEmail { get; set; } = 10;

    /// <summary>Sign-in attempts from one network in a window, whatever the e-mail address. All users of an office may share it.</summary>
    [Between(1, 1_000_000)]
    public int AttemptsPerAddress { get; set; } = 100;

    /// <summary>Length of the window, which begins with the first attempt.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan AttemptWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The longest delay of an attempt.</summary>
    [Between("00:00:00", "00:00:20")]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Passwords hashed side by side: a tenth of a second of a processor each, which other requests want too.</summary>
    [Between(1, 1_024)]
    public int HashesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

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
