using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Notices;

namespace Overnight.Core.Runs;

/// <summary>A scheduled night, a row of <c>nights</c>.</summary>
public sealed record Night(string Market, DateOnly BusinessDate, DeadlineTimes Times, DeadlineStatus Status);

/// <summary>Stores the scheduled nights and where they stand against their deadlines.</summary>
public sealed class NightStore(NpgsqlDataSource database, NoticeOutbox outbox)
{
    /// <summary>How long after its due time an unfinished night is looked at.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromDays(7);

    /// <summary>The time over which a run's rate is measured; before it has lasted so long, earlier nights tell its rate.</summary>
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(60);

    // The run of a night is the first finished revision, else the latest one. Times of batches are by the database's clock, others by the
    // process's.
    private static readonly string Open = $"""
        select n.market, n.business_date, {string.Join(", ", DeadlineSql.Columns.Split(", ").Select(column => $"n.{column}"))},
            r.id, r.failed, r.planned_at, r.left_users, r.recent, case when r.finished then coalesce(r.last_batch, r.completed_at, r.planned_at) end,
            case when r.id is not null and not r.finished then (
                select percentile_cont(0.5) within group (order by l.rate) from (
                    select (e.users_processed + e.users_failed) / greatest(extract(epoch from e.completed_at - e.started_at)::float8, 0.001) as rate
                    from overnight_job_runs e
                    where e.job_type = 'scoring' and e.market = n.market and e.status in ('completed', 'partial') and e.retry_of is null and e.as_of is null
                        and e.users_processed + e.users_failed > 0
                    order by e.number desc limit 5) l) end,
            case when r.id is not null and r.planned_at is null then (select count(*) from user_markets m where m.market = n.market) end
        from nights n left join lateral (
            select o.id, o.revision, o.status = 'failed' as failed, o.planned_at, o.completed_at, b.left_users, b.recent, b.last_batch,
                o.planned_at is not null and o.status <> 'failed' and b.left_users = 0 as finished
            from overnight_job_runs o left join lateral (
                select coalesce(sum(size) filter (where status = 'pending'), 0) as left_users,
                    coalesce(sum(users_processed + users_failed) filter (where completed_at > $1 - $3), 0) as recent, max(completed_at) as last_batch
                from run_batches where run_id = o.id and status <> 'split') b on true
            where o.job_type = 'scoring' and o.market = n.market and o.business_date = n.business_date) r on true
        where n.finished_at is null and n.due_at > $2
        order by n.market, n.business_date, coalesce(r.finished, false) desc, case when r.finished then r.revision else -r.revision end
        """;

    private const string Mark = """
        insert into schedule_marks (market, ticked_at) select code, $2 from markets where code = any ($1)
        on conflict (market) do update set ticked_at = excluded.ticked_at where schedule_marks.ticked_at < excluded.ticked_at
        """;

    /// <returns>The latest tick of each market's schedule; nothing for a market that never had one.</returns>
    public async Task<Dictionary<string, DateTimeOffset>> ReadMarksAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand("select market, ticked_at from schedule_marks");
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<string, DateTimeOffset> marks = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
            marks.Add(reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1));
        return marks;
    }

    /// <summary>Records a tick of these markets' schedules.</summary>
    public async Task MarkAsync(IReadOnlyCollection<string> markets, DateTimeOffset at, CancellationToken ct)
    {
        await using var command = database.Command(Mark, markets.ToArray(), at);
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <param name="day">A day with a night.</param>
    /// <param name="dueAt">When it is due, where that is not the day's own time.</param>
    public async Task AddAsync(MarketDay day, DateTimeOffset dueAt, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(day);
        await using var command = DeadlineSql.Insert(
            database,
            "nights",
            "market, business_date",
            [day.Market, day.Date],
            new(dueAt, day.DeadlineUtc!.Value)
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Takes the deadline from a night that a pause keeps from beginning.</summary>
    public async Task WithdrawAsync(Night night, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(night);
        await using var command = DeadlineSql.Withdraw(
            database,
            "nights",
            "market = $1 and business_date = $2",
            [night.Market, night.BusinessDate]
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>The latest night of each market.</summary>
    public async Task<Dictionary<string, Night>> ReadLatestAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(
            $"select distinct on (market) market, business_date, {DeadlineSql.Columns} from nights order by market, business_date desc"
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        Dictionary<string, Night> nights = new(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            var (times, status) = DeadlineSql.Read(reader, 2);
            nights.Add(reader.GetString(0), new(reader.GetString(0), reader.GetFieldValue<DateOnly>(1), times, status));
        }
        return nights;
    }

    /// <summary>The nights that are not finished, each with its run; null where there is none.</summary>
    public async Task<IReadOnlyList<(Night Night, DeadlineWork? Work)>> ReadOpenAsync(DateTimeOffset now, CancellationToken ct)
    {
        await using var command = database.Command(Open, now, now - Watched, RateWindow);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<(Night Night, DeadlineWork? Work)> nights = [];
        while (await reader.ReadAsync(ct))
        {
            var (market, date) = (reader.GetString(0), reader.GetFieldValue<DateOnly>(1));
            // The rows of one night follow each other, and the first is of the run that decides.
            if (nights.Count > 0 && nights[^1].Night.Market == market && nights[^1].Night.BusinessDate == date)
                continue;
            var (times, status) = DeadlineSql.Read(reader, 2);
            nights.Add((new(market, date, times, status), Work(reader, now)));
        }
        return nights;
    }

    /// <summary>Stores a state, with the notices of its change in the same transaction.</summary>
    /// <returns>Whether this replica changed the row, and is to log it.</returns>
    public async Task<bool> TryWriteAsync(Night night, DeadlineStatus after, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(night);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var update = DeadlineSql.Update(
            connection,
            "nights",
            "market = $10 and business_date = $11",
            [night.Market, night.BusinessDate],
            night.Status,
            after
        );
        if (await update.ExecuteNonQueryAsync(ct) == 0)
            return false;
        foreach (var notice in NightNotices.Of(night, after, outbox))
            await outbox.WriteAsync(connection, notice, after.CheckedAt, ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    private static DeadlineWork? Work(NpgsqlDataReader reader, DateTimeOffset now)
    {
        // The columns after those of the night: id, failed, planned_at, left_users, recent, finished at, median rate, users of the market.
        const int id = 12;
        if (reader.IsDBNull(id))
            return null;
        var planned = reader.IsDBNull(id + 2) ? (DateTimeOffset?)null : reader.GetFieldValue<DateTimeOffset>(id + 2);
        var median = reader.IsDBNull(id + 6) ? (double?)null : reader.GetDouble(id + 6);
        return new(
            reader.GetGuid(id),
            reader.GetBoolean(id + 1),
            reader.IsDBNull(id + 5) ? null : reader.GetFieldValue<DateTimeOffset>(id + 5),
            planned is null ? reader.GetInt64(id + 7) : reader.GetInt64(id + 3),
            planned <= now - RateWindow ? reader.GetInt64(id + 4) / RateWindow.TotalSeconds : median
        );
    }
}
