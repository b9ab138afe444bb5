using Overnight.Core.Caching;

namespace Overnight.Api.Admin;

/// <summary>Advances the window of the cache's figures, and logs them every five minutes in which the cache was used.</summary>
internal sealed partial class CacheMonitorLoop(
    CacheMonitor monitor,
    CacheCircuit circuit,
    TimeProvider time,
    ILogger<CacheMonitorLoop> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (circuit.IsAbsent)
        {
            Log.NoCache(logger);
            return;
        }
        using PeriodicTimer timer = new(CacheMonitor.Step, time);
        var logged = time.GetTimestamp();
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (time.GetElapsedTime(logged) >= CacheMonitor.Window)
            {
                logged = time.GetTimestamp();
                Tell();
            }
            monitor.Roll();
        }
    }

    private void Tell()
    {
        var latest = monitor.Latest;
        if (latest.Operations == 0)
            return;
        var health = CacheMonitor.Judge(latest);
        Log.Statistics(
            logger,
            health == CacheHealth.Healthy ? LogLevel.Information : LogLevel.Warning,
            health.ToString().ToLowerInvariant(),
            latest.Hits(),
            latest.Misses(),
            latest.Sets,
            latest.Errors,
            100 * latest.HitRate() ?? 0,
            latest.MeanHitTime?.TotalMilliseconds ?? 0
        );
    }

    private static partial class Log
    {
        [LoggerMessage(206, LogLevel.Information, "No cache is configured (ConnectionStrings:cache): everything is read from PostgreSQL.")]
        public static partial void NoCache(ILogger logger);

        [LoggerMessage(
            EventId = 341,
            Message = "The cache is {Health}; in the last five minutes hits: {Hits}, misses: {Misses}, sets: {Sets}, errors: {Errors}, hit rate: {HitRate:F1} %, mean hit time: {MeanHitTime:F2} ms."
        )]
        public static partial void Statistics(
            ILogger logger,
            LogLevel level,
            string health,
            long hits,
            long misses,
            long sets,
            long errors,
            double hitRate,
            double meanHitTime
        );
    }
}
