using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Market;

namespace Overnight.Jobs.Retention;

/// <summary>
/// Deletes what belongs to dropped months from the small tables, which have no partitions: some rows at a time, each time in a
/// transaction of its own, so that no lock is held for long.
/// </summary>
internal static class OldRows
{
    /// <summary>Only what is finished: an unfinished run keeps its month, and is taken up again.</summary>
    private const string Old = "(r.completed_at is not null and coalesce(r.business_date, (r.started_at at time zone 'UTC')::date) < $1)";

    private const string OldRuns = $"select r.id from overnight_job_runs r where {Old}";

    // In this order: rows that refer to others first, so a run's own row after all that belong to it. $1 is the first day kept.
    private static readonly (string Table, string Where)[] OfDroppedMonths =
    [
        ("run_failures", $"run_id in ({OldRuns})"),
        ("run_batches", $"run_id in ({OldRuns})"),
        ("result_reads", "business_date < $1"),
        ("nights", "business_date < $1"),
        ("notices", "created_at < $1"),
        ("overnight_job_runs", $"id in ({OldRuns})"),
        (
            "market_snapshots",
            $"business_date < $1 and not exists (select from overnight_job_runs r where r.snapshot_id = t.id and not {Old})"
        ),
    ];

    // Values that no run of a kept date uses, because a later one of the same source was there before: the last of each source stays. Of
    // exchange rates the one stored last of each time stays too, since tenants read rates of any date. $1 is a time before the first
    // night that is kept was due. A later value that is refused for its size replaces nothing.
    private static readonly (string Table, string Where)[] ReplacedValues =
    [
        (
            "prices",
            Replaced("prices", $"n.asset_id = t.asset_id", $"n.price between {MarketBounds.LeastPrice} and {MarketBounds.MostPrice}")
        ),
        ("fundamentals", Replaced("fundamentals", $"n.asset_id = t.asset_id", $"true")),
        (
            "exchange_rates",
            Replaced(
                "exchange_rates",
                $"n.base = t.base and n.quote = t.quote and n.as_of = t.as_of",
                $"n.rate between {MarketBounds.LeastRate} and {MarketBounds.MostRate}"
            )
        ),
    ];

    private static string Replaced(string table, FormattableString key, FormattableString isAccepted) =>
        FormattableString.Invariant(
            $"""
            t.as_of < $1 and exists (select from {table} n where {key} and n.source = t.source and (n.as_of, n.known_at) > (t.as_of, t.known_at)
                and n.as_of < $1 and n.known_at < $1 and {isAccepted})
            """
        );

    /// <summary>Attempts of finished runs, or of runs that do not exist. $1 is the moment before which a run must have finished.</summary>
    private const string OldAttempts =
        "not exists (select from overnight_job_runs r where r.id = t.run_id and (r.completed_at is null or r.completed_at >= $1))";

    // In order of user ids, as runs lock them. A locked row is skipped, since a run is replacing it.
    private const string ForgetCurrent = """
        with chunk as (select user_id from current_results where user_id > $2 order by user_id limit $3),
        old as (select c.user_id from current_results c where c.user_id in (select user_id from chunk) and c.business_date < $1 order by c.user_id for update skip locked),
        gone as (delete from current_results c using old where c.user_id = old.user_id returning 1)
        select (select user_id from chunk order by user_id desc limit 1), (select count(*) from gone)
        """;

    public static async Task DeleteAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateOnly before,
        int rows,
        CancellationToken ct
    )
    {
        foreach (var (table, where) in OfDroppedMonths)
            report.Count(table, await DeleteAsync(connection, report.IsDryRun, table, where, before, rows, ct));
    }

    /// <param name="before">A time before the first night that is kept was due.</param>
    public static async Task DeleteReplacedValuesAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateTimeOffset before,
        int rows,
        CancellationToken ct
    )
    {
        foreach (var (table, where) in ReplacedValues)
            report.Count(table, await DeleteAsync(connection, report.IsDryRun, table, where, before, rows, ct));
    }

    public static async Task DeleteAttemptsAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateTimeOffset before,
        int rows,
        CancellationToken ct
    ) => report.Count("batch_attempts", await DeleteAsync(connection, report.IsDryRun, "batch_attempts", OldAttempts, before, rows, ct));

    public static async Task DeleteSessionsAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateTimeOffset before,
        int rows,
        CancellationToken ct
    ) => report.Count("sessions", await DeleteAsync(connection, report.IsDryRun, "sessions", "t.expires_at < $1", before, rows, ct));

    /// <summary>Deletes old entries of the action log; its trigger refuses younger ones than two years by PostgreSQL's clock.</summary>
    public static async Task DeleteActionsAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateOnly before,
        int rows,
        CancellationToken ct
    ) =>
        report.Count(
            "action_log",
            await DeleteAsync(
                connection,
                report.IsDryRun,
                "action_log",
                "t.at < least($1::timestamptz, now() - interval '2 years')",
                before,
                rows,
                ct
            )
        );

    /// <summary>
    /// Users whose last result is in a month about to be dropped have none from now on, and the dashboard tells them so. The table is read
    /// in order of its key, since the upkeep of an index by date would slow every run.
    /// </summary>
    public static async Task ForgetCurrentAsync(
        NpgsqlConnection connection,
        RetentionReport report,
        DateOnly before,
        int rows,
        CancellationToken ct
    )
    {
        if (report.IsDryRun)
        {
            await using NpgsqlCommand count = new("select count(*) from current_results where business_date < $1", connection)
            {
                Parameters = { new() { Value = before } },
            };
            report.Count("current_results", (long)(await count.ExecuteScalarAsync(ct))!);
            return;
        }
        Guid? last = Guid.Empty;
        while (last is { } after)
        {
            await using var forget = connection.Command(ForgetCurrent, before, after, rows);
            await using var reader = await forget.ExecuteReaderAsync(ct);
            await reader.ReadAsync(ct);
            last = await reader.IsDBNullAsync(0, ct) ? null : reader.GetGuid(0);
            report.Count("current_results", reader.GetInt64(1));
        }
    }

    private static async Task<long> DeleteAsync<T>(
        NpgsqlConnection connection,
        bool isDryRun,
        string table,
        string where,
        T before,
        int rows,
        CancellationToken ct
    )
        where T : notnull
    {
        var sql = isDryRun
            ? $"select count(*) from {table} t where {where}"
            : $"with gone as (delete from {table} where ctid = any (array(select t.ctid from {table} t where {where} limit {rows})) returning 1) select count(*) from gone";
        await using var command = connection.Command(sql, before);
        var total = 0L;
        while (true)
        {
            var count = (long)(await command.ExecuteScalarAsync(ct))!;
            total += count;
            if (isDryRun || count < rows)
                return total;
        }
    }
}
