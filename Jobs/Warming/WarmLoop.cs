using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Warming;
using StackExchange.Redis;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Looks every few seconds for what is due, and at once when the cache is back from an outage, for then it may be empty.
/// Warms it beside everything else a start has to do.
/// </summary>
internal sealed partial class WarmLoop(IServiceProvider services, IOptions<WarmingOptions> options, TimeProvider time, ILogger<WarmLoop> logger) : BackgroundService
{
    private DateTimeOffset? _started;
    private volatile TaskCompletionSource _back = NoneYet();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled) return;
        // Off the start's path: the first use of the multiplexer connects, which takes a while when the cache is away.
        await Task.Yield();
        _started = time.GetUtcNow();
        var cache = services.GetRequiredService<IConnectionMultiplexer>();
        cache.ConnectionRestored += OnRestored;
        try
        {
            while (true)
            {
                _back = NoneYet();
                await TickAsync(stoppingToken);
                stoppingToken.ThrowIfCancellationRequested();
                await Task.WhenAny(Task.Delay(options.Value.CheckInterval, time, stoppingToken), _back.Task);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            cache.ConnectionRestored -= OnRestored;
        }
    }

    internal async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await RunOnceAsync(ct);
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // Most likely PostgreSQL or the cache is away; the next look finds all that is due then.
            Log.Failed(logger, options.Value.CheckInterval, exception.Message);
        }
    }

    /// <returns>What was warmed, by trigger; nothing when nothing was due, or the cache is away.</returns>
    internal async Task<IReadOnlyList<WarmReport>> RunOnceAsync(CancellationToken ct)
    {
        if (!services.GetRequiredService<IConnectionMultiplexer>().IsConnected || await DueAsync(ct) is not { } due) return [];
        List<WarmReport> reports = [];
        foreach (var sets in due.GroupBy(d => d.Trigger, d => d.Set))
        {
            reports.Add(await services.GetRequiredService<Warmer>().WarmAsync([.. sets], new(sets.Key), null, ct));
        }
        _started = null;
        return reports;
    }

    private async Task<IReadOnlyList<(WarmTrigger Trigger, WarmSet Set)>?> DueAsync(CancellationToken ct)
    {
        try
        {
            return await services.GetRequiredService<DueSets>().FindAsync(_started, ct);
        }
        catch (CacheWriteException)
        {
            // Gone since it was looked at, or not quite back: whoever reads it says so.
            return null;
        }
    }

    private void OnRestored(object? sender, ConnectionFailedEventArgs e) => _back.TrySetResult();

    private static TaskCompletionSource NoneYet() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(641, LogLevel.Warning, "What is to be warmed could not be found out or warmed; it is tried again in {Delay}. {Reason}")]
        public static partial void Failed(ILogger logger, TimeSpan delay, string reason);
    }
}
