using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// One replica's part in a run, from plan to end. Any number of replicas do this at once for the same run: they share
/// its batches by row locks, and whoever sees nothing unfinished ends it.
/// </summary>
internal sealed class Night(
    RunStore runs,
    RunPlanner planner,
    RunFinaliser finaliser,
    JobSpan job,
    PipelineEndWarm end,
    StepRetry retry,
    ProgressLoop progress,
    NpgsqlDataSource dataSource,
    IServiceProvider services,
    IOptions<NightOptions> options,
    TimeProvider time
)
{
    /// <summary>Between looks at batches that other replicas hold; short, for it is what their death costs.</summary>
    private static readonly TimeSpan OthersInterval = TimeSpan.FromMilliseconds(100);

    private readonly Task _rehearsed = Task.Run(() => Rehearsal.Run(time));

    /// <summary>Takes part in the run until it is finished.</summary>
    public async Task WorkAsync(NightRun run, CancellationToken ct)
    {
        try
        {
            await TakePartAsync(run, ct);
        }
        finally
        {
            // Of a run that goes on without this replica another one tells.
            await job.LeaveAsync(run);
        }
    }

    private async Task TakePartAsync(NightRun run, CancellationToken ct)
    {
        await retry.RunAsync("plan", run, _ => planner.PlanAsync(run, ct), ct);
        RunContext? context = null;
        await retry.RunAsync("load-snapshot", run, async _ => context = await LoadContextAsync(run, ct), ct);
        if (context is null)
            return;
        await _rehearsed;

        using var working = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var told = progress.RunAsync(context.Run, working.Token);
        try
        {
            await WorkAsync(context, ct);
        }
        finally
        {
            await working.CancelAsync();
            await told;
        }
    }

    private async Task WorkAsync(RunContext context, CancellationToken ct)
    {
        // This replica's part in the run; batches are below it.
        using var span = Telemetry.StartStep("process-users", context.Run);
        while (true)
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, options.Value.Workers)
                    .Select(_ => retry.RunAsync("batch", context.Run, done => WorkBatchesAsync(context, done, ct), ct))
            );
            var finished = false;
            await retry.RunAsync("finalise", context.Run, async _ => finished = await finaliser.TryFinishAsync(context.Run, ct), ct);
            if (finished)
                return;
            // Other replicas are at the last batches. If one of them dies, its batch is free and is taken here.
            await Task.Delay(OthersInterval, time, ct);
        }
    }

    /// <summary>Caches what the run has stored and not cached, until there is none or the cache is away.</summary>
    /// <param name="wait">Whether to wait for another warm that is under way; else it is left to the next who looks.</param>
    /// <returns>How many users were cached here.</returns>
    public async Task<int> CacheRestAsync(Guid runId, CancellationToken ct, bool wait = false)
    {
        var cached = 0;
        await retry.RunAsync(
            "cache",
            runId,
            async done =>
            {
                while (!await end.RunAsync(runId, Count, ct) && wait)
                    await Task.Delay(OthersInterval, time, ct);

                void Count(int users)
                {
                    cached += users;
                    done();
                }
            },
            ct
        );
        return cached;
    }

    private async Task WorkBatchesAsync(RunContext context, Action done, CancellationToken ct)
    {
        var worker = ActivatorUtilities.CreateInstance<BatchWorker>(services, context);
        while (await worker.TryWorkAsync(ct))
            done();
    }

    private async Task<RunContext?> LoadContextAsync(NightRun run, CancellationToken ct)
    {
        var planned = await runs.FindAsync(run.Id, ct);
        if (planned?.SnapshotId is not { } id)
            return null;
        using var span = Telemetry.StartStep("load-snapshot", planned);
        await using var command = dataSource.CreateCommand(
            "select taken_at, prices_as_of, rates_as_of, payload from market_snapshots where id = $1"
        );
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            throw new InvalidOperationException($"Market snapshot {id} of run {run.Id} is not there.");
        MarketSnapshotHeader header = new(
            id,
            planned.Market,
            planned.BusinessDate,
            reader.GetFieldValue<DateTimeOffset>(0),
            await reader.IsDBNullAsync(1, ct) ? null : reader.GetFieldValue<DateTimeOffset>(1),
            await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<DateTimeOffset>(2)
        );
        return new(planned, MarketSnapshotCodec.Decode(header, reader.GetFieldValue<byte[]>(3)));
    }
}
