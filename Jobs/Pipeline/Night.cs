using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// One replica's part in a run, from plan to end. Any number of replicas do this at once for the same run: they share
/// its batches by row locks, and whoever sees nothing unfinished ends it.
/// </summary>
internal sealed partial class Night(
    RunStore runs, RunPlanner planner, RunFinaliser finaliser, BatchCacher cacher, NpgsqlDataSource dataSource, IServiceProvider services,
    IOptions<NightOptions> options, TimeProvider time, ILogger<Night> logger)
{
    /// <summary>Between looks at batches that other replicas hold; short, for it is what their death costs.</summary>
    private static readonly TimeSpan OthersInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>A step that fails is tried again, after 1, 2 and 4 seconds (SPEC A4).</summary>
    private const int Retries = 3;

    /// <summary>Takes part in the run until it is finished.</summary>
    public async Task WorkAsync(NightRun run, CancellationToken ct)
    {
        await RetriedAsync("plan", run, () => planner.PlanAsync(run, ct), ct);
        var context = await LoadContextAsync(run, ct);
        if (context is null) return;
        while (true)
        {
            await Task.WhenAll(Enumerable.Range(0, options.Value.Workers).Select(_ => RetriedAsync("batch", context.Run, () => WorkBatchesAsync(context, ct), ct)));
            if (await finaliser.TryFinishAsync(context.Run, ct)) return;
            // Other replicas are at the last batches. If one of them dies, its batch is free and is taken here.
            await Task.Delay(OthersInterval, time, ct);
        }
    }

    /// <summary>Caches what the run has stored and not cached; from several workers, until there is none or the cache is away.</summary>
    public async Task<int> CacheRestAsync(Guid runId, CancellationToken ct)
    {
        var cached = 0;
        while (await cacher.TryCacheNextAsync(runId, ct) is { } users) cached += users;
        if (cached > 0) Log.RestCached(logger, cached, runId);
        return cached;
    }

    private async Task WorkBatchesAsync(RunContext context, CancellationToken ct)
    {
        var worker = ActivatorUtilities.CreateInstance<BatchWorker>(services, context);
        while (await worker.TryWorkAsync(ct)) { }
    }

    private async Task RetriedAsync(string step, NightRun run, Func<Task> work, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await work();
                return;
            }
            catch (Exception exception) when (attempt <= Retries && !ct.IsCancellationRequested)
            {
                // Nothing of the failed try was committed, so that trying again repeats no user.
                Log.StepFailed(logger, step, run.Id, attempt, Retries, exception);
                await Task.Delay(TimeSpan.FromSeconds(1 << (attempt - 1)), time, ct);
            }
            catch (Exception exception) when (exception is not NpgsqlException { IsTransient: true } && !ct.IsCancellationRequested)
            {
                // Failed for good, and PostgreSQL is there to be told. Were it away, the run would stay unfinished and be resumed.
                await finaliser.FailAsync(run, step, exception, ct);
                throw;
            }
        }
    }

    private async Task<RunContext?> LoadContextAsync(NightRun run, CancellationToken ct)
    {
        var planned = await runs.FindAsync(run.Id, ct);
        if (planned?.SnapshotId is not { } id) return null;
        using var span = Telemetry.StartStep("load-snapshot", planned);
        await using var command = dataSource.CreateCommand("select taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new InvalidOperationException($"Market snapshot {id} of run {run.Id} is not there.");
        MarketSnapshotHeader header = new(id, planned.Market, planned.BusinessDate, reader.GetFieldValue<DateTimeOffset>(0),
            await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateTimeOffset>(1),
            await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<DateTimeOffset>(2));
        return new(planned, MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(3)));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Step {Step} of run {RunId} failed (try {Attempt}, {Retries} more tries are made in all); nothing of it was committed.")]
        public static partial void StepFailed(ILogger logger, string step, Guid runId, int attempt, int retries, Exception exception);

        [LoggerMessage(2, LogLevel.Information, "{Users} results of run {RunId} that were stored but not cached are cached now.")]
        public static partial void RestCached(ILogger logger, int users, Guid runId);
    }
}
