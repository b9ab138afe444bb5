using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>Where a run stands, for a person who watches.</summary>
internal sealed record RunState(
    string Status,
    int Total,
    long Done,
    long Failed,
    long Cached,
    long Uncached,
    bool Planned,
    double Seconds,
    IReadOnlyList<string> Reasons
)
{
    private double Rate => Seconds > 0 ? (Done + Failed) / Seconds : 0;

    public string Line()
    {
        if (!Planned)
            return "Setting up: exchange rates, prices, users ...";
        var left = Rate > 0 ? $"{TimeSpan.FromSeconds(Math.Max(0, Total - Done - Failed) / Rate):mm\\:ss} left" : "...";
        return $"{Done + Failed:N0} of {Plural.Of(Total, "user")}, {Rate:N0} a second, {left}, {Failed:N0} failed";
    }

    public string Summary()
    {
        var uncached = Uncached > 0 ? $" ({Plural.Of(Uncached, "batch", "batches")} not cached, the cache being away)" : "";
        return $"Run {Status}: {Plural.Of(Done, "user")} computed, {Failed:N0} failed, {Cached:N0} in the cache{uncached}, {Seconds:F1} s, "
            + $"{Plural.Of((long)Math.Round(Rate), "user")} a second.";
    }
}

internal sealed class RunProgress(NpgsqlDataSource dataSource)
{
    private const string State = """
        select r.status, r.users_total, coalesce(b.done, 0), coalesce(b.failed, 0), coalesce(b.cached, 0), coalesce(b.uncached, 0), r.planned_at is not null,
            extract(epoch from coalesce(r.completed_at, now()) - r.started_at)::float8
        from overnight_job_runs r left join lateral (
            select sum(users_processed) as done, sum(users_failed) as failed, sum(users_processed) filter (where cached_at is not null) as cached,
                count(*) filter (where status = 'done' and cached_at is null) as uncached
            from run_batches where run_id = r.id) b on true
        where r.id = $1
        """;

    private const string Reasons = """
        select stage || '/' || reason || ': ' || count(*) || case when count(*) = 1 then ' user (' else ' users, for example (' end
            || min(user_id::text) || '): ' || min(detail)
        from run_failures where run_id = $1 group by stage, reason order by count(*) desc limit 10
        """;

    /// <summary>What a run of a past date computes from; null for others, and before it is planned.</summary>
    public async Task<AsOfMetrics?> ReadAsOfAsync(Guid run, CancellationToken ct)
    {
        await using var command = dataSource.Command("select metrics from overnight_job_runs where id = $1", run);
        return RunStatistics.Read(await command.ExecuteScalarAsync(ct) as string).AsOf;
    }

    public async Task<RunState> ReadAsync(Guid run, CancellationToken ct)
    {
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(Statement.Of(State, run));
        batch.BatchCommands.Add(Statement.Of(Reasons, run));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            throw new InvalidOperationException($"Run {run} is not there any more.");
        var (status, total, done, failed) = (reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3));
        var (cached, uncached, planned, seconds) = (reader.GetInt64(4), reader.GetInt64(5), reader.GetBoolean(6), reader.GetDouble(7));
        await reader.NextResultAsync(ct);
        List<string> reasons = [];
        while (await reader.ReadAsync(ct))
            reasons.Add(reader.GetString(0));
        return new(status, total, done, failed, cached, uncached, planned, seconds, reasons);
    }
}
