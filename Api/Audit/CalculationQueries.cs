using Npgsql;
using Overnight.Api.Paging;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>
/// Finds calculations without an index of their own on events or results, whose upkeep would slow every run: days and runs are
/// read from small tables and lead to primary keys.
/// </summary>
internal sealed class CalculationQueries(NpgsqlDataSource dataSource)
{
    // Reads the runs of the period newest first, with one primary-key lookup of events per run, and stops when the page is full. The
    // inner limit keeps the planner from reordering the join. With five markets, a user of one market costs five lookups per item.
    internal const string OfUser = """
        select r.id, r.market, r.business_date, r.revision, r.number, e.occurred_at, e.payload
        from overnight_job_runs r
        cross join lateral (
            select occurred_at, payload from calculation_events
            where business_date = r.business_date and run_id = r.id and user_id = $1 and type = 4 limit 1) e
        where r.job_type = 'scoring' and r.business_date between $2 and $3 and (r.business_date, r.number) < ($4, $5)
          and ($7::text is null or r.market = $7)
        order by r.business_date desc, r.number desc limit $6
        """;

    internal const string OfRun = """
        select user_id, occurred_at, payload from calculation_events
        where business_date = $1 and run_id = $2 and user_id > $3 and type = 4 order by user_id limit $4
        """;

    internal const string Run =
        "select id, market, business_date, revision, number from overnight_job_runs where id = $1 and job_type = 'scoring'";

    /// <summary>The calculations of a user, newest first; empty when the user is in no run of the period.</summary>
    /// <param name="market">Code of a market; null for all.</param>
    public async Task<List<CalculationItem>> OfUserAsync(
        Guid user,
        DateOnly from,
        DateOnly until,
        PageQuery<UserRunCursor> page,
        CancellationToken ct,
        string? market = null
    )
    {
        var after = page.After ?? new(DateOnly.MaxValue, long.MaxValue);
        await using var command = dataSource.Command(
            OfUser,
            user,
            from,
            // The period ends at the last date of the previous page, so that later partitions are not read.
            until < after.BusinessDate
                ? until
                : after.BusinessDate,
            after.BusinessDate,
            after.RunNumber,
            page.Limit + 1,
            market
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<CalculationItem> items = [];
        while (await reader.ReadAsync(ct))
        {
            items.Add(
                CalculationItem.From(ReadRun(reader), user, reader.GetFieldValue<DateTimeOffset>(5), reader.GetFieldValue<byte[]>(6))
            );
        }
        return items;
    }

    /// <summary>The calculations of a run, ordered by user; empty when there is no such run.</summary>
    public async Task<List<CalculationItem>> OfRunAsync(Guid id, PageQuery<UserCursor> page, CancellationToken ct)
    {
        List<CalculationItem> items = [];
        if (await FindRunAsync(id, ct) is not { } run)
            return items;
        await using var command = dataSource.Command(OfRun, run.BusinessDate, id, page.After?.User ?? Guid.Empty, page.Limit + 1);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            items.Add(
                CalculationItem.From(run, reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetFieldValue<byte[]>(2))
            );
        return items;
    }

    public async Task<CalculationRun?> FindRunAsync(Guid id, CancellationToken ct)
    {
        await using var command = dataSource.Command(Run, id);
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct) ? ReadRun(reader) : null;
    }

    /// <summary>Reads a run from the first five columns of a row.</summary>
    internal static CalculationRun ReadRun(NpgsqlDataReader reader) =>
        new(reader.GetGuid(0), reader.GetString(1), reader.GetFieldValue<DateOnly>(2), reader.GetInt32(3), reader.GetInt64(4));
}
