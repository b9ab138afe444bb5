namespace Overnight.Core.Caching;

/// <summary>How well the cache serves this process (SPEC G6).</summary>
public enum CacheHealth
{
    Healthy,

    /// <summary>Worth an alert.</summary>
    Degraded,
    Unhealthy,
}

/// <summary>Figures of the last five minutes, and what they say. A cold start's misses are forgotten with time.</summary>
public sealed class CacheMonitor(CacheTelemetry telemetry, TimeProvider time)
{
    /// <summary>What is judged, and how often it is logged.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>How often <see cref="Roll"/> is to be called.</summary>
    public static readonly TimeSpan Step = Window / 10;

    /// <summary>Fewer operations than this say nothing.</summary>
    public const int LeastOperations = 100;

    private const double UnhealthyHitRate = 0.5,
        DegradedHitRate = 0.7,
        UnhealthyErrorRate = 0.1,
        DegradedErrorRate = 0.05;

    private readonly Lock _lock = new();
    private readonly Queue<(long At, CacheFigures Figures)> _steps = new([(time.GetTimestamp(), telemetry.Statistics.Take())]);

    public CacheFigures SinceStart => telemetry.Statistics.Take();

    /// <summary>Of the window, or since the start where that is shorter.</summary>
    public CacheFigures Latest
    {
        get
        {
            lock (_lock)
                return SinceStart.Since(_steps.Peek().Figures);
        }
    }

    public CacheHealth Health => Judge(Latest);

    /// <summary>Moves the window on.</summary>
    public void Roll()
    {
        lock (_lock)
        {
            _steps.Enqueue((time.GetTimestamp(), SinceStart));
            while (_steps.Count > 1 && time.GetElapsedTime(_steps.Peek().At) > Window)
                _steps.Dequeue();
        }
    }

    public static CacheHealth Judge(CacheFigures figures)
    {
        ArgumentNullException.ThrowIfNull(figures);
        if (figures.Operations < LeastOperations)
            return CacheHealth.Healthy;
        if (figures.HitRate() < UnhealthyHitRate || figures.ErrorRate > UnhealthyErrorRate)
            return CacheHealth.Unhealthy;
        return figures.HitRate() < DegradedHitRate || figures.ErrorRate > DegradedErrorRate ? CacheHealth.Degraded : CacheHealth.Healthy;
    }
}
