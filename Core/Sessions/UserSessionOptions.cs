namespace Overnight.Core.Sessions;

/// <summary>Limits of sign-in, and the lifetime and caching of sessions. Every process reads this section.</summary>
public sealed class UserSessionOptions : IValidatedOptions
{
    public const string Section = "Sessions";

    /// <summary>Shortest signing key in bytes.</summary>
    private const int LeastKey = 32;

    /// <summary>Time from sign-in to expiry; activity does not extend it.</summary>
    [Between("00:05:00", "365.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Time without a request after which a session ends, although it has not expired. The last use is known to
    /// <see cref="ActivityInterval"/>, which is added, so that no session in use ends because its use is not written yet.
    /// </summary>
    [Between("00:05:00", "365.00:00:00")]
    public TimeSpan UnusedLifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How often the last activity of sessions is written to PostgreSQL, once per session for all its requests in the interval. A write
    /// takes about 50 µs.
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

    /// <summary>Passwords hashed concurrently. Each takes a processor for about 0.1 s; half of them are left to other requests.</summary>
    [Between(1, 1_024)]
    public int HashesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>
    /// How long a session stays in a node's memory, which bounds the delay of a revocation whose message is lost. Zero keeps none.
    /// </summary>
    [Between("00:00:00", "00:05:00")]
    public TimeSpan MemoryTtl { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Keys that sign cached sessions, base64 of 32 bytes or more. The first signs; a second is also accepted while keys are rotated.
    /// Without any, the key is used that <c>migrate</c> creates in PostgreSQL.
    /// </summary>
    public IList<string> SigningKeys { get; } = [];

    /// <summary>Time from the stored last use of a session to its end.</summary>
    internal TimeSpan UnusedLimit => UnusedLifetime + ActivityInterval;

    // Error messages leave the keys out, because they are secrets.
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
