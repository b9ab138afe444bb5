namespace Overnight.Core.Caching;

/// <summary>How well the cache serves this process.</summary>
public enum CacheHealth
{
    Healthy,

    /// <summary>A hit rate under 70 % or an error rate over 5 %: worth an alert.</summary>
    Degraded,
    Unhealthy,
}

/// <summary>Cache figures of the last five minutes and the health they show; a cold start's misses count no longer than that.</summary>
public sealed class CacheMonitor(CacheTelemetry telemetry, TimeProvider time)
{
    /// <summary>The period whose figures are judged, and the interval at which they are logged.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    /// <summary>The interval at which <see cref="Roll"/> is to be called.</summary>
    public static readonly TimeSpan Step = Window / 10;

    /// <summary>Fewer operations than this are too few to judge, so the cache counts as healthy.</summary>
    public const int LeastOperations = 100;

    private const double UnhealthyHitRate = 0.5,
        DegradedHitRate = 0.7,
        UnhealthyErrorRate = 0.1,
        DegradedErrorRate = 0.05;

    private readonly Lock _lock = new();
    private readonly Queue<(long At, CacheFigures Figures)> _steps = new([(time.GetTimestamp(), telemetry.Statistics.Take())]);

    public CacheFigures SinceStart => telemetry.Statistics.Take();

    /// <summary>The figures of the window, or since the start where that is shorter.</summary>
    public CacheFigures Latest
    {
        get
        {
            lock (_lock)
                return SinceStart.Since(_steps.Peek().Figures);
        }
    }

    public CacheHealth Health => Judge(Latest);

    /// <summary>Adds the figures now to the window and drops those that are older than it.</summary>
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
