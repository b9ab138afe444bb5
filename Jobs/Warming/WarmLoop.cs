using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Warms the sets that are due: looks for them every few seconds, and as soon as the cache is back from an outage, since it may be empty
/// then. The start of the service does not wait for it.
/// </summary>
internal sealed partial class WarmLoop(
    IServiceProvider services,
    WarmDeadlineWatch watch,
    IOptions<WarmingOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<WarmLoop> logger
) : BackgroundService
{
    /// <summary>Time to the next look while the cache is away; short, since readers go to PostgreSQL until it is warm again.</summary>
    private static readonly TimeSpan AwayInterval = TimeSpan.FromMilliseconds(100);

    private DateTimeOffset? _started;
    private bool _isCacheAway;
    private string? _told;
    private volatile TaskCompletionSource _lost = NotYet();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Enabled)
            return;
        if (services.GetRequiredService<CacheCircuit>().IsAbsent)
        {
            Log.NoCache(logger);
            return;
        }
        // Leaves the start-up path: the first use of the multiplexer connects, which takes long when the cache is away.
        await Task.Yield();
        _started = time.GetUtcNow();
        var cache = services.GetRequiredService<CacheStore>();
        cache.ConnectionLost += OnLost;
        try
        {
            while (true)
            {
                _lost = NotYet();
                await TickAsync(stoppingToken);
                stoppingToken.ThrowIfCancellationRequested();
                if (_isCacheAway)
                    await Task.Delay(AwayInterval, time, stoppingToken);
                else
                    await Task.WhenAny(Task.Delay(options.Value.CheckInterval, time, stoppingToken), _lost.Task);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        finally
        {
            cache.ConnectionLost -= OnLost;
        }
    }

    internal async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await RunOnceAsync(ct);
            _told = null;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // Usually PostgreSQL can't be reached; the next tick warms all sets that are due then. A repeated failure is logged once.
            if (!database.IsAway(exception) && _told != exception.Message)
                Log.Failed(logger, options.Value.CheckInterval, _told = exception.Message);
        }
    }

    /// <returns>What was warmed, by trigger; nothing when nothing was due, or the cache is away.</returns>
    internal async Task<IReadOnlyList<WarmReport>> RunOnceAsync(CancellationToken ct)
    {
        if (await DueAsync(ct) is not { } due)
            return [];
        if (due.Count == 0)
        {
            _started = null;
            return [];
        }
        // A warm that begins between two full minutes has its deadline, too; and it replaces the progress of the warm before.
        await watch.TickAsync(ct);
        // The root span of the spans of all sources below, because trace viewers name a trace after its root.
        using var span = Telemetry.Source.StartActivity("warm-due");
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
        _isCacheAway = false;
        try
        {
            return await services.GetRequiredService<DueWarmSets>().FindAsync(_started, ct);
        }
        catch (CacheAwayException)
        {
            // Not logged here, since the readers of the cache log its outage.
            _isCacheAway = true;
            return null;
        }
    }

    private void OnLost(object? sender, EventArgs e) => _lost.TrySetResult();

    private static TaskCompletionSource NotYet() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static partial class Log
    {
        [LoggerMessage(
            645,
            LogLevel.Information,
            "No cache is configured (ConnectionStrings:cache): nothing is warmed, and results are read from PostgreSQL."
        )]
        public static partial void NoCache(ILogger logger);

        [LoggerMessage(641, LogLevel.Warning, "Warming the cache failed; it is tried again every {Delay}. {Reason}")]
        public static partial void Failed(ILogger logger, TimeSpan delay, string reason);
    }
}
