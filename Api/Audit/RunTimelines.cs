using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api.Audit;

/// <summary>The steps and batches of a run along its time; all times are milliseconds from its start.</summary>
/// <param name="LengthMs">From its start to its end, or to now.</param>
/// <param name="Batches">In the order of users; of a split batch, its parts. The first 2,000.</param>
internal sealed record RunTimeline(
    Guid RunId,
    DateTimeOffset StartedAt,
    DateTimeOffset? CompletedAt,
    double LengthMs,
    IReadOnlyList<RunStep> Steps,
    IReadOnlyList<RunBatch> Batches
);

/// <param name="Name">rates, prices, plan, users or finish.</param>
/// <param name="UntilMs">Null while it is under way.</param>
internal sealed record RunStep(string Name, double FromMs, double? UntilMs);

/// <param name="Status">pending or done.</param>
/// <param name="Tries">How often it was begun, as far as that is still known; attempts are kept for a week.</param>
/// <param name="FromMs">Null before it is begun.</param>
/// <param name="UntilMs">Null before it is done.</param>
/// <param name="CachedMs">When its results were in the cache; null before that.</param>
internal sealed record RunBatch(
    int Number,
    string Status,
    int Size,
    int UsersProcessed,
    int UsersFailed,
    int Tries,
    double? FromMs,
    double? UntilMs,
    double? CachedMs
);

/// <summary>Reads timelines of runs.</summary>
internal sealed class RunTimelines(NpgsqlDataSource database, TimeProvider time)
{
    private const int MostBatches = 2_000;

    private const string Run =
        "select started_at, planned_at, completed_at, metrics::text from overnight_job_runs where id = $1 and job_type = 'scoring'";

    private const string Batches = """
        select b.number, b.status, b.size, b.users_processed, b.users_failed, b.work_ms, b.completed_at, b.cached_at, a.tries, a.last
        from run_batches b left join lateral (
            select count(*) as tries, max(started_at) as last from batch_attempts where run_id = b.run_id and number = b.number) a on true
        where b.run_id = $1 and b.status <> 'split' order by b.number limit $2
        """;

    /// <returns>Null when there is no such run, or one that has no batches by its kind.</returns>
    public Task<RunTimeline?> ReadAsync(Guid id, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var batch = database.CreateBatch();
            batch.BatchCommands.Add(Statement.Of(Run, id));
            batch.BatchCommands.Add(Statement.Of(Batches, id, MostBatches));
            await using var reader = await batch.ExecuteReaderAsync(ct);
            if (!await reader.ReadAsync(ct))
                return null;
            var start = reader.GetFieldValue<DateTimeOffset>(0);
            var (planned, completed) = (Time(reader, 1), Time(reader, 2));
            var metrics = RunStatistics.Read(reader.IsDBNull(3) ? null : reader.GetString(3));
            var length = Math.Max(0, ((completed ?? time.GetUtcNow()) - start).TotalMilliseconds);
            await reader.NextResultAsync(ct);
            List<RunBatch> batches = [];
            while (await reader.ReadAsync(ct))
                batches.Add(Read(reader, start, length));
            return new RunTimeline(id, start, completed, length, Steps(metrics, start, planned, completed, length), batches);
        });

    // The planner asks for rates, then for prices, and then writes the plan; each has its length in the metrics.
    private static List<RunStep> Steps(
        RunStatistics metrics,
        DateTimeOffset start,
        DateTimeOffset? plannedAt,
        DateTimeOffset? completedAt,
        double length
    )
    {
        if (plannedAt is not { } at)
            return [new("plan", 0, completedAt is null ? null : length)];
        var planned = Within((at - start).TotalMilliseconds, length);
        var fetched = Math.Min(planned, metrics.FetchRatesMs + metrics.FetchPricesMs);
        var rates = Math.Min(fetched, metrics.FetchRatesMs);
        List<RunStep> steps = [new("rates", 0, rates), new("prices", rates, fetched), new("plan", fetched, planned)];
        if (completedAt is null)
            return [.. steps, new("users", planned, null)];
        var finish = Within(length - (metrics.FinaliseMs ?? 0), length);
        var users = metrics.ProcessUsersMs is { } took ? Within(planned + took, length) : finish;
        return [.. steps, new("users", planned, users), new("finish", Math.Max(users, finish), length)];
    }

    private static RunBatch Read(NpgsqlDataReader reader, DateTimeOffset start, double length)
    {
        var completed = From(Time(reader, 6));
        // How long a batch that is done took was measured by its worker, by one clock.
        var from = completed is { } end ? Within(end - reader.GetFloat(5), length) : From(Time(reader, 9));
        return new(
            reader.GetInt32(0),
            reader.GetString(1),
            reader.GetInt32(2),
            reader.GetInt32(3),
            reader.GetInt32(4),
            (int)reader.GetInt64(8),
            from,
            completed,
            From(Time(reader, 7))
        );

        double? From(DateTimeOffset? moment) => moment is { } at ? Within((at - start).TotalMilliseconds, length) : null;
    }

    /// <summary>Clocks of hosts differ a little.</summary>
    private static double Within(double moment, double length) => Math.Clamp(moment, 0, length);

    private static DateTimeOffset? Time(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
