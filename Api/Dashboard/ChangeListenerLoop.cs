using Microsoft.Extensions.Options;
using Overnight.Core.Caching;

namespace Overnight.Api.Dashboard;

/// <summary>Keeps this node subscribed to changes of results, and checks that the subscription works.</summary>
internal sealed partial class ChangeListenerLoop(
    IServiceProvider services,
    IOptions<CacheOptions> options,
    TimeProvider time,
    ILogger<ChangeListenerLoop> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Leaves the start-up path: the first use of the multiplexer connects, which takes long when the cache is away.
        await Task.Yield();
        var listener = services.GetRequiredService<ChangeListener>();
        using PeriodicTimer timer = new(options.Value.BeatInterval, time);
        var isFailing = false;
        do
        {
            try
            {
                await listener.RunOnceAsync();
                isFailing = false;
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                // The results in memory are off by now or expire; the next beat tries again. A repeated failure is logged once.
                if (!isFailing)
                    Log.BeatFailed(logger, ex);
                isFailing = true;
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(312, LogLevel.Error, "Listening for changed results failed; the next beat tries again.")]
        public static partial void BeatFailed(ILogger logger, Exception exception);
    }
}
