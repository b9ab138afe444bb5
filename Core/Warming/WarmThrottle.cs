namespace Overnight.Core.Warming;

/// <summary>Who has to wait for the cache server, should warms ask too much of it.</summary>
public enum LatencySource
{
    /// <summary>This process, asking while nothing of its own warms is on the way.</summary>
    Probe,

    /// <summary>Readers: the api's own 95th percentile of the last second.</summary>
    Readers,
}

/// <summary>
/// How many commands a second all warms of this process together send to the cache. The budget halves, in one step, when live
/// reads slow down, and grows while they don't. What is measured is not the warms' own load, or they would starve themselves.
/// </summary>
public sealed class WarmThrottle(TimeProvider time)
{
    /// <summary>Commands a second: never fewer, so that a warm ends at last; never more, which no server does.</summary>
    public const double Least = 2_000,
        Most = 1_000_000;

    private const double Start = 20_000,
        Growth = 1.25;

    /// <summary>How many times its best a latency may be.</summary>
    private const int Tolerance = 3;

    /// <summary>The best is forgotten slowly: a server that was moved, or is shared now, is not held to it for ever.</summary>
    private const double Forgetting = 1.02;

    /// <summary>Seconds below which a latency is never slow: it is what a scheduler may take. By source.</summary>
    private static readonly double[] Unremarkable = [0.001, 0.002];

    private readonly Lock _lock = new();
    private readonly double[] _best = [double.MaxValue, double.MaxValue];
    private long _free;

    /// <summary>Commands a second.</summary>
    public double Budget { get; private set; } = Start;

    /// <summary>Takes commands out of the budget.</summary>
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

    /// <summary>Takes a measurement, each once.</summary>
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
