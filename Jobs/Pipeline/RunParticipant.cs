using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// One replica's part in a run, from plan to end. Any number of replicas do this at once for the same run: they share
/// its batches by row locks, and the one that finds nothing unfinished ends it.
/// </summary>
internal sealed class RunParticipant(
    RunStore runs,
    RunPlanner planner,
    RunFinaliser finaliser,
    RunSpan runSpan,
    UncachedBatchWarm end,
    StepRetry retry,
    RunProgressWriter progress,
    NpgsqlDataSource dataSource,
    IServiceProvider services,
    IOptions<RunOptions> options,
    TimeProvider time
)
{
    /// <summary>How often batches that other replicas hold are looked at; it delays taking over those of a dead replica.</summary>
    private static readonly TimeSpan OthersInterval = TimeSpan.FromMilliseconds(100);

    private readonly Task _jitWarmup = Task.Run(() => JitWarmup.Run(time));

    /// <summary>Takes part in the run until it is finished, or another run has its turn.</summary>
    /// <param name="othersWait">Whether another run waits; asked while this replica can only wait for others. Null to wait until the run
    /// ends.</param>
    /// <returns>False when the rest is left to the replicas that hold it, because another run waits.</returns>
    public async Task<bool> WorkAsync(PipelineRun run, CancellationToken ct, Func<Task<bool>>? othersWait = null)
    {
        try
        {
            return await TakePartAsync(run, new(othersWait, time), ct);
        }
        finally
        {
            // When the run goes on without this replica, another one ends its span.
            await runSpan.LeaveAsync(run);
        }
    }

    private async Task<bool> TakePartAsync(PipelineRun run, Turn turn, CancellationToken ct)
    {
        var planned = false;
        while (true)
        {
            await retry.RunAsync("plan", run, async _ => planned = await planner.TryPlanAsync(run, ct), ct);
            if (planned)
                break;
            if (!await turn.WaitAsync(ct))
                return false;
        }
        RunContext? context = null;
        await retry.RunAsync("load-snapshot", run, async _ => context = await LoadContextAsync(run, ct), ct);
        if (context is null)
            return true;
        await _jitWarmup;

        using var working = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var told = progress.RunAsync(context.Run, working.Token);
        try
        {
            return await WorkAsync(context, turn, ct);
        }
        finally
        {
            await working.CancelAsync();
            await told;
        }
    }

    private async Task<bool> WorkAsync(RunContext context, Turn turn, CancellationToken ct)
    {
        // The span of this replica's part in the run; batches are its children.
        using var span = Telemetry.StartStep("process-users", context.Run);
        while (true)
        {
            await Task.WhenAll(
                Enumerable
                    .Range(0, options.Value.Workers)
                    .Select(_ => retry.RunAsync("batch", context.Run, done => WorkBatchesAsync(context, turn, done, ct), ct))
            );
            var finished = false;
            await retry.RunAsync("finalise", context.Run, async _ => finished = await finaliser.TryFinishAsync(context.Run, ct), ct);
            if (finished)
                return true;
            // Other replicas hold the last batches. If one of them dies, its batch is free and is taken here.
            if (!await turn.WaitAsync(ct))
                return false;
        }
    }

    /// <summary>Caches what the run has stored and not cached, until there is none or the cache is away.</summary>
    /// <param name="wait">Whether to wait for another warm that is under way; if not, the rest is left to a later attempt.</param>
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

    private async Task WorkBatchesAsync(RunContext context, Turn turn, Action done, CancellationToken ct)
    {
        var worker = ActivatorUtilities.CreateInstance<BatchWorker>(services, context);
        while (await worker.TryWorkAsync(ct))
        {
            done();
            turn.Worked();
        }
    }

    private async Task<RunContext?> LoadContextAsync(PipelineRun run, CancellationToken ct)
    {
        var planned = await runs.FindAsync(run.Id, ct);
        if (planned?.SnapshotId is not { } id)
            return null;
        using var span = Telemetry.StartStep("load-snapshot", planned);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return new(planned, await StoredSnapshot.ReadAsync(connection, id, ct));
    }

    /// <summary>
    /// A run's turn on this replica. It ends when there has been nothing to do but to wait for a while, and another run waits.
    /// </summary>
    private sealed class Turn(Func<Task<bool>>? othersWait, TimeProvider time)
    {
        /// <summary>Longer than a live replica takes for its last batches.</summary>
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

        private long _since = time.GetTimestamp();

        public void Worked() => Volatile.Write(ref _since, time.GetTimestamp());

        /// <returns>False when the turn is over.</returns>
        public async Task<bool> WaitAsync(CancellationToken ct)
        {
            await Task.Delay(OthersInterval, time, ct);
            if (othersWait is null || time.GetElapsedTime(Volatile.Read(ref _since)) < Patience)
                return true;
            Worked();
            return !await othersWait();
        }
    }
}
