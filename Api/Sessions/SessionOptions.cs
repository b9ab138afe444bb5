using Overnight.Core;

namespace Overnight.Api.Sessions;

/// <summary>Limits of sign-in, and the lifetime of sessions.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>From sign-in to expiry, however active the session is.</summary>
    [Between("00:05:00", "365.00:00:00")]
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// How often the last uses of sessions are written to PostgreSQL; a session is written at most once in it. A write costs
    /// PostgreSQL some 50 µs.
    /// </summary>
    [Between("00:00:01", "01:00:00")]
    public TimeSpan ActivityInterval { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Attempts to sign in per e-mail address and window, on each node; they are replenished one by one.</summary>
    [Between(1, 10_000)]
    public int AttemptsPerEmail { get; set; } = 10;

    /// <summary>Attempts to sign in per client address and window, on each node. A whole office may share one address.</summary>
    [Between(1, 1_000_000)]
    public int AttemptsPerAddress { get; set; } = 100;

    [Between("00:00:01", "1.00:00:00")]
    public TimeSpan AttemptWindow { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Passwords hashed at the same time; each takes a tenth of a second of a processor, which other requests need too.</summary>
    [Between(1, 1_024)]
    public int HashesAtOnce { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}
