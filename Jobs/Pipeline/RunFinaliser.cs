using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Notices;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Ends a run when none of its batches is unfinished, which is asked of the batches and not of a counter. Of all replicas that try,
/// the one that changes the run's row ends it.
/// </summary>
internal sealed partial class RunFinaliser(
    NpgsqlDataSource dataSource,
    RunSpan runSpan,
    NoticeOutbox outbox,
    TimeProvider time,
    ILogger<RunFinaliser> logger
)
{
    // Keeps what the plan wrote of providers and steps, and adds the totals.
    private const string Finish = """
        update overnight_job_runs set status = $2, completed_at = $3, users_total = $4 + $5, users_processed = $4, users_failed = $5,
            error_details = case when $6::jsonb is null then error_details else (coalesce(error_details::jsonb, '{}') || $6::jsonb)::json end,
            metrics = (coalesce(metrics::jsonb, '{}') || $7::jsonb)::json
        where id = $1 and completed_at is null and not exists (select from run_batches where run_id = $1 and status = 'pending')
        """;

    private const string Fail = """
        update overnight_job_runs set status = 'failed', completed_at = $2, users_processed = $3, users_failed = $4,
            error_details = (coalesce(error_details::jsonb, '{}') || $5::jsonb)::json, metrics = (coalesce(metrics::jsonb, '{}') || $6::jsonb)::json
        where id = $1 and completed_at is null
        """;

    /// <summary>Finishes the run unless a batch of it is unfinished.</summary>
    /// <returns>True when the run is finished, by whichever replica.</returns>
    public async Task<bool> TryFinishAsync(PipelineRun run, CancellationToken ct)
    {
        if (await FinishAsync(run, ct) is not { } ended)
            return false;
        await runSpan.TellAsync(run, ended, ct);
        return true;
    }

    /// <returns>Whether it was this replica that finished it; null when something is unfinished.</returns>
    private async Task<bool?> FinishAsync(PipelineRun run, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (plannedAt, planned, finished) = await LockAsync(connection, run.Id, ct);
        if (finished)
            return false;
        if (plannedAt is null)
            return null;

        var now = time.GetUtcNow();
        var totals = await RunTotals.ReadAsync(connection, run.Id, plannedAt.Value, now, ct);
        if (totals.Pending > 0)
            return null;
        using var span = Telemetry.StartStep("finalise", run, now);
        var status =
            totals.Failed == 0 ? "completed"
            : totals.Processed == 0 ? "failed"
            : "partial";
        var metrics = Metrics(totals, planned, plannedAt.Value - run.StartedAt, now - run.StartedAt);
        List<RunFailureGroup> failures = totals.Failed == 0 ? [] : await RunFailureGroup.ReadAsync(connection, run.Id, ct);
        await using (
            var finish = connection.Command(
                Finish,
                run.Id,
                status,
                now,
                (int)totals.Processed,
                (int)totals.Failed,
                ErrorDetails(failures, planned),
                metrics
            )
        )
        {
            await finish.ExecuteNonQueryAsync(ct);
        }
        await CommitAsync(
            transaction,
            run,
            RunNotices.Ended(run, status, totals.Processed, totals.Failed, planned, outbox),
            failures,
            now,
            ct
        );
        Telemetry.RunDone(run.Market, status, now - run.StartedAt);
        Log.Finished(logger, run.Id, status, totals.Processed, totals.Failed, totals.Uncached, (now - run.StartedAt).TotalSeconds);
        return true;
    }

    /// <summary>Ends a run of which a step failed for good; what is committed stays, and is counted.</summary>
    public async Task FailAsync(PipelineRun run, string step, Exception exception, CancellationToken ct) =>
        await runSpan.TellAsync(run, await FailedAsync(run, step, exception, ct), ct);

    /// <returns>Whether it was this replica that ended it.</returns>
    private async Task<bool> FailedAsync(PipelineRun run, string step, Exception exception, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (plannedAt, planned, finished) = await LockAsync(connection, run.Id, ct);
        if (finished)
            return false;
        await WaitForBatchesAsync(connection, run.Id, ct);
        var now = time.GetUtcNow();
        var totals = await RunTotals.ReadAsync(connection, run.Id, plannedAt ?? now, now, ct);
        List<RunFailureGroup> failures = totals.Failed == 0 ? [] : await RunFailureGroup.ReadAsync(connection, run.Id, ct);
        await using (
            NpgsqlCommand fail = new(Fail, connection, transaction)
            {
                Parameters =
                {
                    new() { Value = run.Id },
                    new() { Value = now },
                    new() { Value = (int)totals.Processed },
                    new() { Value = (int)totals.Failed },
                    new()
                    {
                        Value = JsonSerializer.Serialize(
                            new
                            {
                                Step = step,
                                Error = exception.GetType().FullName,
                                Message = FailureText.Of(exception.Message),
                                Failures = failures,
                            },
                            SnakeCase
                        ),
                    },
                    new() { Value = Metrics(totals, planned, (plannedAt ?? now) - run.StartedAt, now - run.StartedAt) },
                },
            }
        )
        {
            await fail.ExecuteNonQueryAsync(ct);
        }
        await CommitAsync(
            transaction,
            run,
            RunNotices.Ended(run, "failed", totals.Processed, totals.Failed, planned, outbox, step),
            failures,
            now,
            ct
        );
        Telemetry.RunDone(run.Market, "failed", now - run.StartedAt);
        Log.FailedForGood(logger, run.Id, step, exception);
        return true;
    }

    /// <summary>
    /// Other workers may be about to commit batches, which the totals and the seal must have; none is claimed after the end.
    /// </summary>
    private static async Task WaitForBatchesAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        await using var pending = connection.Command(
            "select 1 from run_batches where run_id = $1 and status = 'pending' order by number for no key update",
            run
        );
        await pending.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The run's end, its notices and its seal are committed as one.</summary>
    private async Task CommitAsync(
        NpgsqlTransaction transaction,
        PipelineRun run,
        IEnumerable<Notice> notices,
        List<RunFailureGroup> failures,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var connection = transaction.Connection!;
        foreach (var notice in run.AsOf is null ? notices : [])
            await outbox.WriteAsync(connection, notice, now, ct);
        var seal = await RunSeal.AppendAsync(connection, run, now, ct);
        if (seal is not null && outbox.IsWanted(NoticeEvents.RunSealed))
            await outbox.WriteAsync(connection, RunNotices.Sealed(seal, outbox), now, ct);
        await transaction.CommitAsync(ct);
        RunLog.Sealed(logger, seal);
        foreach (var group in failures)
            RunLog.AllFailed(logger, run, group.Stage, group.Reason, group.Users);
    }

    private static async Task<(DateTimeOffset? PlannedAt, RunStatistics Planned, bool Finished)> LockAsync(
        NpgsqlConnection connection,
        Guid run,
        CancellationToken ct
    )
    {
        await using NpgsqlCommand command = new(
            "select planned_at, metrics, completed_at is not null from overnight_job_runs where id = $1 for no key update",
            connection
        )
        {
            Parameters = { new() { Value = run } },
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            throw new InvalidOperationException($"Run {run} is not there any more.");
        var planned = RunStatistics.Read(reader.IsDBNull(1) ? null : reader.GetString(1));
        return (reader.IsDBNull(0) ? null : reader.GetFieldValue<DateTimeOffset>(0), planned, reader.GetBoolean(2));
    }

    /// <returns>Null without failures and without remarkable providers, such as those replaced by last stored values.</returns>
    private static string? ErrorDetails(List<RunFailureGroup> failures, RunStatistics planned)
    {
        var providers = ProviderReport.Read(planned).Where(p => p.IsRemarkable).ToList();
        return failures.Count == 0 && providers.Count == 0
            ? null
            : JsonSerializer.Serialize(
                new { Failures = failures.Count == 0 ? null : failures, Providers = providers.Count == 0 ? null : providers },
                SnakeCase
            );
    }

    private static string Metrics(RunTotals totals, RunStatistics planned, TimeSpan setUp, TimeSpan total)
    {
        var metrics = planned with
        {
            SetUpMs = Math.Round(setUp.TotalMilliseconds, 1),
            ProcessUsersMs = Math.Round(totals.ProcessMs, 1),
            WorkMs = Math.Round(totals.WorkMs, 1),
            CacheWarmMs = Math.Round(totals.CacheMs, 1),
            // At least 0, since the two times come from the clocks of two machines: the database's and this one's.
            FinaliseMs = Math.Round(Math.Max(0, totals.FinaliseMs), 1),
            TotalMs = Math.Round(total.TotalMilliseconds, 1),
            UsersTotal = totals.Processed + totals.Failed,
            UsersSuccess = totals.Processed,
            UsersFailed = totals.Failed,
            AssetsScored = totals.AssetsScored,
            RecommendationsGenerated = totals.Recommendations,
            Batches = totals.Batches,
            BatchesSplit = totals.Split,
            BatchesUncached = totals.Uncached,
            UsersCached = totals.UsersCached,
        };
        return metrics.ToJson();
    }

    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private static partial class Log
    {
        [LoggerMessage(
            521,
            LogLevel.Information,
            "Run {RunId} is {Status} after {Seconds:F1} s. Users computed: {Users}, failed: {Failed}; batches not cached yet: {Uncached}."
        )]
        public static partial void Finished(
            ILogger logger,
            Guid runId,
            string status,
            long users,
            long failed,
            long uncached,
            double seconds
        );

        [LoggerMessage(
            522,
            LogLevel.Error,
            "Run {RunId} failed: step {Step} failed for good. Retry it with `jobs retry` when the cause is mended."
        )]
        public static partial void FailedForGood(ILogger logger, Guid runId, string step, Exception exception);
    }
}
