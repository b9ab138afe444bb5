using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>
/// Circuit breaker for the cache server. One failed call opens it: calls are refused for a break, or until the connection is restored;
/// then one caller tries. Each failed try doubles the break, up to <see cref="CacheOptions.BreakDuration"/>. Only changes of state are
/// logged.
/// </summary>
/// <remarks>
/// A single failure opens it, because a frozen server must cost one timeout and not one per request, and PostgreSQL can answer meanwhile.
/// The breakers of libraries need a failure ratio over several calls.
/// </remarks>
public sealed partial class CacheCircuit(
    IOptions<CacheOptions> options,
    TimeProvider time,
    CacheTelemetry telemetry,
    ILogger<CacheCircuit> logger,
    IConfiguration? configuration = null
)
{
    private const long Closed = 0;

    /// <summary>The first break; a server that was restarted is usually back after it.</summary>
    public static readonly TimeSpan FirstBreak = TimeSpan.FromMilliseconds(250);

    private readonly long _first = Ticks(FirstBreak, time),
        _longest = Ticks(options.Value.BreakDuration, time);

    // 0 when closed, else the timestamp from which on the next caller may try.
    private long _openUntil;
    private long _break;

    /// <summary>Whether no cache server is configured: the circuit then stays open, and nothing is logged of it.</summary>
    public bool IsAbsent { get; } = configuration is not null && !CacheConnection.IsConfigured(configuration);

    public bool IsOpen => IsAbsent || Volatile.Read(ref _openUntil) != Closed;

    /// <summary>Whether the caller may call the server now. An open circuit admits one caller per break, whose outcome decides.</summary>
    public bool TryEnter()
    {
        if (IsAbsent)
            return false;
        var until = Volatile.Read(ref _openUntil);
        if (until == Closed)
            return true;
        var now = time.GetTimestamp();
        if (now < until || Interlocked.CompareExchange(ref _openUntil, now + _longest, until) != until)
            return false;
        Volatile.Write(ref _break, Math.Min(2 * Volatile.Read(ref _break), _longest));
        return true;
    }

    public void Succeeded()
    {
        if (!IsOpen || Interlocked.Exchange(ref _openUntil, Closed) == Closed)
            return;
        telemetry.CircuitChanged(open: false);
        Log.Closed(logger);
    }

    public void Failed(Exception reason)
    {
        if (IsAbsent)
            return;
        if (!IsOpen)
            Volatile.Write(ref _break, Math.Min(_first, _longest));
        // At least 1, because 0 means closed.
        if (Interlocked.Exchange(ref _openUntil, Math.Max(1, time.GetTimestamp() + Volatile.Read(ref _break))) != Closed)
            return;
        telemetry.CircuitChanged(open: true);
        Log.Opened(logger, options.Value.BreakDuration.TotalSeconds, reason.Message);
    }

    private static long Ticks(TimeSpan duration, TimeProvider time) => (long)(duration.TotalSeconds * time.TimestampFrequency);

    private static partial class Log
    {
        [LoggerMessage(
            201,
            LogLevel.Warning,
            "The cache does not answer. Reads go to PostgreSQL, and one of them tries the cache again at least every {Seconds} s. {Reason}"
        )]
        public static partial void Opened(ILogger logger, double seconds, string reason);

        [LoggerMessage(202, LogLevel.Information, "The cache answers again, and reads use it.")]
        public static partial void Closed(ILogger logger);
    }
}
