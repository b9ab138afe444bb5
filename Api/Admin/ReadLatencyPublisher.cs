using Overnight.Core.Caching;

namespace Overnight.Api.Admin;

/// <summary>Publishes every second how long this node waits for the cache, so that warms slow down for its readers.</summary>
internal sealed class ReadLatencyPublisher(CacheStore store, CacheTelemetry telemetry, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (telemetry.Statistics.Latency.Take() is not { } latency)
                continue;
            try
            {
                await ReadLatency.TellAsync(store, latency);
            }
            catch (CacheAwayException)
            {
                // A cache that does not answer is not being warmed, so no warm needs the figure.
            }
        }
    }
}
