using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Core.Runs;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// The warm at the end of a run: caches the batches that are stored and not cached, from the stored bytes. Each attempt is a row of
/// <c>overnight_job_runs</c> with trigger <c>pipeline-end</c>, the run's correlation id and a span in its trace, also when there was
/// nothing to cache. It shares a lock with all warms of the set <c>recommendations</c>, so that one at a time is under way.
/// </summary>
internal sealed partial class UncachedBatchWarm(
    BatchCacheWriter cacher,
    CacheCircuit circuit,
    RunStore runs,
    WarmRuns warmRuns,
    WarmTelemetry telemetry,
    FaultInjection faults,
    NpgsqlDataSource database,
    TimeProvider time,
    ILogger<UncachedBatchWarm> logger
)
{
    private const WarmTrigger Trigger = WarmTrigger.PipelineEnd;

    private static readonly WarmDeclaration Set = new(
        RecommendationWarmSet.SetName,
        WarmPhase.Essential,
        "recs:{user_id}",
        CacheKeys.ResultTtl
    )
    {
        IsTtlExact = true,
    };

    // An unfinished row belongs to a process that has ended. The warms of a run have greater numbers than the run.
    private const string IsDue = """
        select exists (select from run_batches where run_id = $1 and status = 'done' and cached_at is null)
            or not exists (select from overnight_job_runs where number > (select number from overnight_job_runs where id = $1) and job_type = 'cache-warm' and trigger = 'pipeline-end' and correlation_id = $2 and completed_at is not null)
        """;

    private const string RefreshMetrics = """
        update overnight_job_runs r set metrics = (r.metrics::jsonb || jsonb_build_object(
            'users_cached', b.users_cached, 'batches_uncached', b.batches_uncached, 'cache_warm_ms', round(b.cache_ms::numeric, 1)))::json
        from (
            select coalesce(sum(users_processed) filter (where cached_at is not null), 0) as users_cached,
                count(*) filter (where status = 'done' and cached_at is null) as batches_uncached, coalesce(sum(cache_ms), 0) as cache_ms
            from run_batches where run_id = $1) b
        where r.id = $1 and r.completed_at is not null and r.metrics is not null
          and (r.metrics ->> 'users_cached', r.metrics ->> 'batches_uncached') is distinct from (b.users_cached::text, b.batches_uncached::text)
        """;

    /// <param name="cached">Called with the number of users of each batch once it is cached and marked.</param>
    /// <returns>False when another warm of the set is under way. What is left then, or while the cache is away, is cached by the next
    /// attempt.</returns>
    /// <exception cref="NpgsqlException">PostgreSQL is away; batches that were reported as cached stay so.</exception>
    public async Task<bool> RunAsync(Guid runId, Action<int> cached, CancellationToken ct)
    {
        if (circuit.IsOpen || await runs.FindAsync(runId, ct) is not { } run)
            return true;
        if (!await IsDueAsync(run, ct))
        {
            // The last batch may have been cached while another replica ended the run.
            await RefreshMetricsAsync(runId, ct);
            return true;
        }
        await using var held = await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.Warm, Set.Name, ct);
        if (held is null)
            return false;
        // The process that held the lock until now may have cached everything.
        if (!await IsDueAsync(run, ct))
            return true;

        using var step = Telemetry.StartStep("pipeline-end", run);
        using var span = WarmTelemetry.StartSet(Set.Name, Trigger);
        var row = await warmRuns.BeginAsync(run.CorrelationId, Trigger, Set.Name, ct);
        var (begin, warmed) = (time.GetTimestamp(), 0L);
        string? error = null;
        try
        {
            var last = -1;
            while (await cacher.CacheNextAsync(runId, last, ct) is var (batch, some))
            {
                last = batch;
                if (some is not { } users)
                {
                    // The batch stays done and not cached, so that the next attempt finds it.
                    error = $"Batch {batch} could not be locked.";
                    continue;
                }
                warmed += users;
                telemetry.Wrote(Set.Name, Trigger, new(users, 0, ""));
                cached(users);
                faults.At("rest-cached");
            }
        }
        catch (CacheAwayException exception)
        {
            // The batch stays done and not cached, so that the next attempt finds it.
            error = exception.Message;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            error = "The process was stopped.";
        }
        WarmOutcome outcome = new(
            Set.Name,
            error is null ? WarmStatus.Completed : WarmStatus.Failed,
            warmed,
            0,
            time.GetElapsedTime(begin),
            Error: error
        );
        await RefreshMetricsAsync(runId, CancellationToken.None);
        // If PostgreSQL is away by now the row stays unfinished, and another attempt is due.
        await warmRuns.EndAsync(row, Set, outcome, CancellationToken.None);
        telemetry.Ended(Trigger, outcome, span);
        if (error is not null)
            Log.Broke(logger, runId, warmed, error);
        else if (warmed > 0)
            Log.RestCached(logger, warmed, runId);
        ct.ThrowIfCancellationRequested();
        return true;
    }

    /// <summary>Brings the metrics of an ended run up to date with what is in the cache by now.</summary>
    private async Task RefreshMetricsAsync(Guid runId, CancellationToken ct)
    {
        await using var command = database.Command(RefreshMetrics, runId);
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<bool> IsDueAsync(PipelineRun run, CancellationToken ct)
    {
        await using var command = database.Command(IsDue, run.Id, run.CorrelationId);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private static partial class Log
    {
        [LoggerMessage(541, LogLevel.Information, "Results of run {RunId} that were stored but not cached, and are cached now: {Users}.")]
        public static partial void RestCached(ILogger logger, long users, Guid runId);

        [LoggerMessage(
            542,
            LogLevel.Warning,
            "Caching the stored results of run {RunId} stopped; the rest is cached when the cache is back. Users cached: {Users}. {Reason}"
        )]
        public static partial void Broke(ILogger logger, Guid runId, long users, string reason);
    }
}
