using Overnight.Core;

namespace Overnight.Api.Sessions;

/// <summary>How one signs in, and for how long.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Sessions";

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
    /// Tries to sign in with one e-mail address from one network (24 bits of IPv4, 64 of IPv6) in a window, on all nodes together. From
    /// everywhere, tries beyond it are slowed down.
    /// </summary>
    [Between(1, 10_000)]
    public int AttemptsPerEmail { get; set; } = 10;

    /// <summary>Likewise from one network, whatever the address; an office behind one signs in with it.</summary>
    [Between(1, 1_000_000)]
    public int AttemptsPerAddress { get; set; } = 100;

    /// <summary>From the first try on.</summary>
    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan AttemptWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The most that a try is slowed down.</summary>
    [Between("00:00:00", "00:00:20")]
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Passwords hashed side by side: a tenth of a second of a processor each, which other requests want too.</summary>
    [Between(1, 1_024)]
    public int HashesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}
