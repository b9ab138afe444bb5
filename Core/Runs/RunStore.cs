using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;

namespace Overnight.Core.Runs;

/// <summary>
/// Starts runs and finds them, for every trigger in any process. The unique row (market, business date, revision) makes a run happen
/// once: a double, lost or late trigger is harmless.
/// </summary>
public sealed class RunStore(NpgsqlDataSource dataSource, MarketCatalog markets, TimeProvider time)
{
    /// <summary>PostgreSQL's notification channel for started runs; the payload is the run's id.</summary>
    public const string Channel = "overnight_runs";

    private const string Columns =
        "id, market, business_date, revision, status, trigger, started_at, planned_at is not null, correlation_id, traceparent, snapshot_id, retry_of, as_of";

    /// <inheritdoc cref="StartOrJoinAsync(string, DateOnly?, RunTrigger, bool, Actor?, CancellationToken)"/>
    public Task<(PipelineRun Run, bool Started)> StartOrJoinAsync(
        string market,
        DateOnly? businessDate,
        RunTrigger trigger,
        bool again,
        CancellationToken ct
    ) => StartOrJoinAsync(market, businessDate, trigger, again, null, ct);

    /// <summary>
    /// Joins the latest run of the market and date, or starts one: revision 1 where there is none, the next revision when
    /// <paramref name="again"/> is set and the latest run is finished.
    /// </summary>
    /// <param name="market">Code of the market.</param>
    /// <param name="businessDate">A trading day of the market; that of the next open when null.</param>
    /// <param name="by">Who starts it, for the action log; null for a start that nobody asked for, which the log leaves out.</param>
    /// <exception cref="RequestException">The market is unknown, or the date is no trading day or out of bounds.</exception>
    public async Task<(PipelineRun Run, bool Started)> StartOrJoinAsync(
        string market,
        DateOnly? businessDate,
        RunTrigger trigger,
        bool again,
        Actor? by,
        CancellationToken ct
    )
    {
        var day = await CheckAsync(market, businessDate, ct);
        using RunStartSpan span = new(market, trigger);
        try
        {
            var (run, started) = await DatabaseRetry.WriteAsync(() => StartOrJoinAsync(day, trigger, again, span.Id, by, ct));
            span.Done(run.Id, started);
            return (run, started);
        }
        catch (Exception exception)
        {
            span.Failed(exception);
            throw;
        }
    }

    private async Task<(PipelineRun Run, bool Started)> StartOrJoinAsync(
        RequestedRun requested,
        RunTrigger trigger,
        bool again,
        string? traceparent,
        Actor? by,
        CancellationToken ct
    )
    {
        var (market, date, asOf) = requested;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // On a conflict another trigger has inserted the row, so its run is joined.
        await using NpgsqlCommand insert = new(
            $"""
            insert into overnight_job_runs (id, job_type, market, business_date, revision, trigger, started_at, correlation_id, traceparent, as_of)
            select $1, 'scoring', $2, $3, coalesce(max(revision), 0) + 1, $4, $5, $6, $7, $9
            from overnight_job_runs where job_type = 'scoring' and market = $2 and business_date = $3
            having count(*) = 0 or ($8 and bool_and(completed_at is not null))
            on conflict (job_type, market, business_date, revision) do nothing
            returning {Columns}
            """,
            connection
        );
        var id = Guid.CreateVersion7(time.GetUtcNow());
        insert.Parameters.Add(new() { Value = id });
        insert.Parameters.Add(new() { Value = market });
        insert.Parameters.Add(new() { Value = date });
        insert.Parameters.Add(new() { Value = trigger.Name() });
        insert.Parameters.Add(new() { Value = time.GetUtcNow() });
        insert.Parameters.Add(new() { Value = Guid.CreateVersion7(time.GetUtcNow()) });
        insert.Parameters.Add(new() { Value = (object?)traceparent ?? DBNull.Value });
        insert.Parameters.Add(new() { Value = again });
        insert.Parameters.Add(new() { Value = (object?)asOf ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        if (await InsertAsync(insert, market, ct) is { } started)
        {
            await using var notify = connection.Command("select pg_notify($1, $2)", Channel, id.ToString());
            await notify.ExecuteNonQueryAsync(ct);
            await LogAsync(connection, by, "started", started, ct);
            await transaction.CommitAsync(ct);
            return (started, true);
        }

        await using var latest = connection.Command(
            $"select {Columns} from overnight_job_runs where job_type = 'scoring' and market = $1 and business_date = $2 order by revision desc limit 1",
            market,
            date
        );
        var joined = await ReadOneAsync(latest, ct)
            ?? throw new InvalidOperationException(
                $"The run of {market} for {date:yyyy-MM-dd} was deleted while it was being joined; start it again."
            );
        await LogAsync(connection, by, "joined", joined, ct);
        await transaction.CommitAsync(ct);
        return (joined, false);
    }

    private async Task LogAsync(NpgsqlConnection connection, Actor? by, string outcome, PipelineRun run, CancellationToken ct)
    {
        if (by is not { } actor)
            return;
        await ActionLog.WriteAsync(
            connection,
            new(actor, LoggedAction.Run, outcome)
            {
                Target = $"{run.Id:D}",
                Detail = new
                {
                    run.Market,
                    run.BusinessDate,
                    run.Revision,
                },
            },
            time.GetUtcNow(),
            ct
        );
    }

    public Task<PipelineRun?> FindAsync(Guid id, CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = dataSource.Command(
                $"select {Columns} from overnight_job_runs where id = $1 and job_type = 'scoring'",
                id
            );
            return await ReadOneAsync(command, ct);
        });

    /// <summary>The run that was started last.</summary>
    public Task<PipelineRun?> FindLatestAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = dataSource.CreateCommand(
                $"select {Columns} from overnight_job_runs where job_type = 'scoring' order by number desc limit 1"
            );
            return await ReadOneAsync(command, ct);
        });

    /// <summary>The oldest run that is not finished.</summary>
    public Task<PipelineRun?> FindUnfinishedAsync(CancellationToken ct) => FindUnfinishedAsync([], ct);

    /// <summary>The oldest unfinished run, without those in <paramref name="except"/>.</summary>
    public async Task<PipelineRun?> FindUnfinishedAsync(IReadOnlyCollection<Guid> except, CancellationToken ct)
    {
        await using var command = dataSource.Command(
            $"select {Columns} from overnight_job_runs where job_type = 'scoring' and completed_at is null and id <> all ($1) order by number limit 1",
            except.ToArray()
        );
        return await ReadOneAsync(command, ct);
    }

    public async Task<bool> AnyAsync(CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("select exists (select from overnight_job_runs where job_type = 'scoring')");
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    private const string HasActiveUser = """
        select exists (
            select from user_markets m join users u on u.id = m.user_id and u.deleted_at is null and u.banned_at is null
            where m.market = $1 and exists (select from holdings h where h.user_id = m.user_id and not h.ignored))
        """;

    /// <summary>The message for a start in a market without active users.</summary>
    public static string NobodyIn(string market) =>
        $"{market} has no active user with a holding that is not ignored, so the run computes no user.";

    /// <summary>Whether the market has an active user; the schedule starts no run without one.</summary>
    public async Task<bool> HasUsersAsync(string market, CancellationToken ct)
    {
        await using var command = dataSource.Command(HasActiveUser, market);
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Whether the market has a run for the date, finished or not.</summary>
    public async Task<bool> HasRunAsync(string market, DateOnly businessDate, CancellationToken ct)
    {
        await using var command = dataSource.Command(
            "select exists (select from overnight_job_runs where job_type = 'scoring' and market = $1 and business_date = $2)",
            market,
            businessDate
        );
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Checks the run that a start asks for.</summary>
    /// <exception cref="RequestException">
    /// The market is unknown, or the date is no trading day, out of bounds or no longer kept.
    /// </exception>
    public async Task<RequestedRun> CheckAsync(string code, DateOnly? requested, CancellationToken ct)
    {
        var market = markets.Get(code);
        var nextOpen = market.NextOpen(time.GetUtcNow())?.Date
            ?? throw new RequestException(
                "market",
                $"Market '{market.Code}' has no trading day within a year; check section Markets:{market.Code} of the configuration."
            );
        if (requested is not { } date)
            return new(market.Code, nextOpen, null);
        var (earliest, latest, why) = (nextOpen.AddYears(-2), nextOpen.AddDays(7), "2 years before the next open");
        if (await KeptFromAsync(ct) is { } kept && kept > earliest)
            (earliest, why) = (kept, "older results are not kept");
        if (date < earliest || date > latest)
            throw new RequestException(
                "date",
                $"The business date {date:yyyy-MM-dd} is out of bounds: it must be between {earliest:yyyy-MM-dd} ({why}) and {latest:yyyy-MM-dd} (a week after the next open)."
            );
        var day = market.Day(date);
        return day.IsOpen
            ? new(market.Code, date, date < nextOpen ? day.DueUtc ?? day.OpenUtc : null)
            : throw new RequestException("date", $"The business date {date:yyyy-MM-dd} is no trading day of {market.Code}: {day.Reason}.");
    }

    /// <returns>The first day that retention keeps; null before its first turn.</returns>
    private Task<DateOnly?> KeptFromAsync(CancellationToken ct) =>
        DatabaseRetry.ReadAsync(async () =>
        {
            await using var command = dataSource.CreateCommand("select kept_from from kept_history");
            return await command.ExecuteScalarAsync(ct) as DateOnly?;
        });

    private static async Task<PipelineRun?> InsertAsync(NpgsqlCommand insert, string market, CancellationToken ct)
    {
        try
        {
            return await ReadOneAsync(insert, ct);
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            // The market was configured after the last migration.
            throw new RequestException(
                "market",
                $"Market '{market}' is not in the database yet: run the command migrate with the same configuration.",
                missing
            );
        }
    }

    private static async Task<PipelineRun?> ReadOneAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (!await reader.ReadAsync(ct))
            return null;
        return new(
            reader.GetGuid(0),
            reader.GetString(1),
            reader.GetFieldValue<DateOnly>(2),
            reader.GetInt32(3),
            reader.GetString(4),
            reader.GetString(5),
            reader.GetFieldValue<DateTimeOffset>(6),
            reader.GetBoolean(7),
            reader.GetGuid(8),
            await reader.IsDBNullAsync(9, ct) ? null : reader.GetString(9),
            await reader.IsDBNullAsync(10, ct) ? null : reader.GetGuid(10),
            await reader.IsDBNullAsync(11, ct) ? null : reader.GetGuid(11),
            await reader.IsDBNullAsync(12, ct) ? null : reader.GetFieldValue<DateTimeOffset>(12)
        );
    }
}

/// <summary>The run that a start asks for, checked against the market's calendar.</summary>
/// <param name="AsOf">When the run was due, for a date whose market has opened; null for a date whose open is to come.</param>
public readonly record struct RequestedRun(string Market, DateOnly BusinessDate, DateTimeOffset? AsOf);
