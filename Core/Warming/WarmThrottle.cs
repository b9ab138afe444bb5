namespace Overnight.Core.Warming;

/// <summary>Where a latency of the cache server was measured.</summary>
public enum LatencySource
{
    /// <summary>Latency that this process measures, with a ping while none of its warms is writing.</summary>
    Probe,

    /// <summary>Latency that the api measures: the 95th percentile of its reads in the last second.</summary>
    Readers,
}

/// <summary>
/// Limits the commands that all warms of this process together send to the cache per second. The budget is halved when live reads slow
/// down, and grows while they do not. The latencies exclude the warms' own load, which would otherwise reduce the budget further and
/// further.
/// </summary>
public sealed class WarmThrottle(TimeProvider time)
{
    /// <summary>
    /// Commands a second. The lower limit is about a tenth of what a server with one processor handles, so that a warm ends soon even
    /// where reads are slow for another reason, such as the misses that the warm ends. The upper one is more than any server handles.
    /// </summary>
    public const double Least = 10_000,
        Most = 1_000_000;

    private const double Start = 20_000,
        Growth = 1.25;

    /// <summary>A latency is slow from this multiple of the best one on.</summary>
    private const int Tolerance = 3;

    /// <summary>Factor by which the best latency grows per measurement, so that a server that became slower for good is accepted.</summary>
    private const double Forgetting = 1.02;

    /// <summary>Seconds up to which a latency is never slow, because the scheduler alone can cause it; by source.</summary>
    private static readonly double[] Unremarkable = [0.001, 0.002];

    private readonly Lock _lock = new();
    private readonly double[] _best = [double.MaxValue, double.MaxValue];
    private long _free;

    /// <summary>Commands a second.</summary>
    public double Budget { get; private set; } = Start;

    /// <summary>Takes a number of commands out of the budget.</summary>
    /// <returns>How long to wait before they are sent.</returns>
    public TimeSpan Reserve(int commands)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var begin = Math.Max(now, _free);
            _free = begin + (long)(commands / Budget * time.TimestampFrequency);
            return time.GetElapsedTime(now, begin);
        }
    }

    /// <summary>Adjusts the budget to a measurement; each measurement is passed once.</summary>
    public void Observe(LatencySource source, TimeSpan latency)
    {
        lock (_lock)
        {
            ref var best = ref _best[(int)source];
            best = Math.Min(latency.TotalSeconds, best * Forgetting);
            var isSlow = latency.TotalSeconds > Math.Max(Unremarkable[(int)source], best * Tolerance);
            Budget = isSlow ? Math.Max(Least, Budget / 2) : Math.Min(Most, Budget * Growth);
        }
    }
}
