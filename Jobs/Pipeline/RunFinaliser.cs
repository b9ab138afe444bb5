using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Runs;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Ends a run, by set: it is finished when no batch is unfinished, never because a counter says so. Of all replicas that
/// try, the one that changes the row does it.
/// </summary>
internal sealed partial class RunFinaliser(NpgsqlDataSource dataSource, TimeProvider time, ILogger<RunFinaliser> logger)
{
    private const string Totals = """
        select count(*) filter (where status = 'pending'), coalesce(sum(users_processed), 0), coalesce(sum(users_failed), 0),
            coalesce(sum(assets_scored), 0), coalesce(sum(recommendations), 0), count(*) filter (where status = 'done'),
            count(*) filter (where status = 'done' and cached_at is null), coalesce(sum(users_processed) filter (where cached_at is not null), 0),
            coalesce(extract(epoch from max(completed_at) - $2) * 1000, 0), coalesce(sum(cache_ms), 0)
        from run_batches where run_id = $1
        """;

    private const string Reasons = "select stage, reason, count(*), min(detail) from run_failures where run_id = $1 group by 1, 2 order by 3 desc, 1, 2";

    private const string Finish = """
        update overnight_job_runs set status = $2, completed_at = $3, users_total = $4 + $5, users_processed = $4, users_failed = $5, error_details = $6::json, metrics = $7::json
        where id = $1 and completed_at is null and not exists (select from run_batches where run_id = $1 and status = 'pending')
        returning metrics
        """;

    /// <summary>Finishes the run when nothing of it is unfinished.</summary>
    /// <returns>True when the run is finished now, whoever did it.</returns>
    public async Task<bool> TryFinishAsync(NightRun run, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var (plannedAt, planned, finished) = await LockAsync(connection, run.Id, ct);
        if (finished) return true;
        if (plannedAt is null) return false;

        var totals = await TotalsAsync(connection, run.Id, plannedAt.Value, ct);
        if (totals.Pending > 0) return false;
        var status = totals.Failed == 0 ? "completed" : totals.Processed == 0 ? "failed" : "partial";
        var now = time.GetUtcNow();
        var metrics = Metrics(totals, planned);
        await using (NpgsqlCommand finish = new(Finish, connection, transaction)
        {
            Parameters =
            {
                new() { Value = run.Id }, new() { Value = status }, new() { Value = now }, new() { Value = (int)totals.Processed }, new() { Value = (int)totals.Failed },
                new() { Value = (object?)await ErrorDetailsAsync(connection, run.Id, totals.Failed, planned, ct) ?? DBNull.Value }, new() { Value = metrics },
            },
        })
        {
            await finish.ExecuteNonQueryAsync(ct);
        }
        await transaction.CommitAsync(ct);
        Telemetry.RunDone(run.Market, status, now - run.StartedAt);
        EmitJobSpan(run, status, totals, planned);
        Log.Finished(logger, run.Id, status, totals.Processed, totals.Failed, totals.Uncached, (now - run.StartedAt).TotalSeconds);
        return true;
    }

    /// <summary>Ends a run of which a step failed for good; what is committed stays.</summary>
    public async Task FailAsync(NightRun run, string step, Exception exception, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("""
            update overnight_job_runs set status = 'failed', completed_at = $2, error_details = $3::json,
                users_processed = t.processed, users_failed = t.failed
            from (select coalesce(sum(users_processed), 0) as processed, coalesce(sum(users_failed), 0) as failed from run_batches where run_id = $1) t
            where id = $1 and completed_at is null
            """);
        command.Parameters.Add(new() { Value = run.Id });
        command.Parameters.Add(new() { Value = time.GetUtcNow() });
        command.Parameters.Add(new() { Value = JsonSerializer.Serialize(new { Step = step, Error = exception.GetType().FullName, exception.Message }, SnakeCase) });
        await command.ExecuteNonQueryAsync(ct);
        Telemetry.RunDone(run.Market, "failed", time.GetUtcNow() - run.StartedAt);
        Log.FailedForGood(logger, run.Id, step, exception);
    }

    private sealed record RunTotals(long Pending, long Processed, long Failed, long AssetsScored, long Recommendations, long Batches, long Uncached, long UsersCached, double ProcessMs, double CacheMs);

    private sealed record PlanMetrics(double FetchRatesMs, double FetchPricesMs, int Assets, int Rates, IReadOnlyList<ProviderReport>? Providers = null);

    private static async Task<(DateTimeOffset? PlannedAt, PlanMetrics Planned, bool Finished)> LockAsync(NpgsqlConnection connection, Guid run, CancellationToken ct)
    {
        await using NpgsqlCommand command = new("select planned_at, metrics, completed_at is not null from overnight_job_runs where id = $1 for no key update", connection) { Parameters = { new() { Value = run } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct)) throw new InvalidOperationException($"Run {run} is not there any more.");
        PlanMetrics planned = new(0, 0, 0, 0);
        if (!reader.IsDBNull(1)) planned = JsonSerializer.Deserialize<PlanMetrics>(reader.GetString(1), SnakeCase)!;
        return (reader.IsDBNull(0) ? null : reader.GetFieldValue<DateTimeOffset>(0), planned, reader.GetBoolean(2));
    }

    private static async Task<RunTotals> TotalsAsync(NpgsqlConnection connection, Guid run, DateTimeOffset plannedAt, CancellationToken ct)
    {
        await using NpgsqlCommand command = new(Totals, connection) { Parameters = { new() { Value = run }, new() { Value = plannedAt } } };
        await using var r = await command.ExecuteReaderAsync(ct);
        await r.ReadAsync(ct);
        return new(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), (double)r.GetDecimal(8), r.GetFloat(9));
    }

    private static async Task<string?> ErrorDetailsAsync(NpgsqlConnection connection, Guid run, long failed, PlanMetrics planned, CancellationToken ct)
    {
        // A night from last stored values is a night, and says so.
        var providers = planned.Providers?.Where(p => p.IsRemarkable).ToList() is { Count: > 0 } remarkable ? remarkable : null;
        if (failed == 0) return providers is null ? null : JsonSerializer.Serialize(new { Providers = providers }, SnakeCase);
        await using NpgsqlCommand command = new(Reasons, connection) { Parameters = { new() { Value = run } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<object> reasons = [];
        while (await reader.ReadAsync(ct)) reasons.Add(new { Stage = reader.GetString(0), Reason = reader.GetString(1), Users = reader.GetInt64(2), Example = reader.GetString(3) });
        return JsonSerializer.Serialize(new { Failures = reasons, Providers = providers }, SnakeCase);
    }

    private static string Metrics(RunTotals totals, PlanMetrics planned) => JsonSerializer.Serialize(new
    {
        planned.FetchRatesMs,
        planned.FetchPricesMs,
        ProcessUsersMs = Math.Round(totals.ProcessMs, 1),
        CacheWarmMs = Math.Round(totals.CacheMs, 1),
        UsersTotal = totals.Processed + totals.Failed,
        UsersSuccess = totals.Processed,
        UsersFailed = totals.Failed,
        totals.AssetsScored,
        RecommendationsGenerated = totals.Recommendations,
        totals.Batches,
        BatchesUncached = totals.Uncached,
        totals.UsersCached,
        planned.Assets,
        planned.Rates,
        planned.Providers,
    }, SnakeCase);

    /// <summary>The job span covers the run from its start, whichever process that was in; whoever finishes the run tells it.</summary>
    private static void EmitJobSpan(NightRun run, string status, RunTotals totals, PlanMetrics planned)
    {
        using var span = Telemetry.Source.StartActivity("overnight-scoring-job", ActivityKind.Internal, Telemetry.Parent(run), startTime: run.StartedAt);
        if (span is null) return;
        span.SetTag("fetch_rates_ms", planned.FetchRatesMs).SetTag("fetch_prices_ms", planned.FetchPricesMs)
            .SetTag("process_users_ms", totals.ProcessMs).SetTag("cache_warm_ms", totals.CacheMs)
            .SetTag("users_total", totals.Processed + totals.Failed).SetTag("users_success", totals.Processed).SetTag("users_failed", totals.Failed)
            .SetTag("assets_scored", totals.AssetsScored).SetTag("recommendations_generated", totals.Recommendations)
            .SetTag("overnight.run", run.Id).SetTag("overnight.market", run.Market);
        if (status != "completed") span.SetStatus(ActivityStatusCode.Error, $"{totals.Failed} users failed; see run_failures of run {run.Id}.");
    }

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Run {RunId} is {Status}: {Users} users computed, {Failed} failed, {Uncached} batches not cached yet, {Seconds:F1} s.")]
        public static partial void Finished(ILogger logger, Guid runId, string status, long users, long failed, long uncached, double seconds);

        [LoggerMessage(2, LogLevel.Error, "Run {RunId} failed: step {Step} failed for good. Start the next revision with `jobs run --again` when the cause is mended.")]
        public static partial void FailedForGood(ILogger logger, Guid runId, string step, Exception exception);
    }
}
