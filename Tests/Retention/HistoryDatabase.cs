using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Results;
using Overnight.Jobs.Retention;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Retention;

/// <summary>A database with history of one's own making, and retention over it at a time of one's choice.</summary>
internal sealed class HistoryDatabase : IAsyncDisposable
{
    private HistoryDatabase(string connectionString) =>
        (ConnectionString, Source) = (connectionString, NpgsqlDataSource.Create(connectionString));

    public string ConnectionString { get; }
    public NpgsqlDataSource Source { get; }

    public static async Task<HistoryDatabase> CreateAsync(TestServers servers, CancellationToken ct) =>
        new(await servers.CreateDatabaseAsync(ct));

    public HistoryRetention Retention(TimeProvider time, Action<RetentionOptions>? configure = null)
    {
        RetentionOptions options = new();
        configure?.Invoke(options);
        return new(Source, Options.Create(options), time, NullLogger<HistoryRetention>.Instance);
    }

    /// <summary>What the dashboard reads of a user, by its own query.</summary>
    public async Task<byte[]?> ResultAsync(Guid user, CancellationToken ct)
    {
        await using var command = Source.CreateCommand(ResultReader.Current);
        command.Parameters.Add(new() { Value = user });
        return (byte[]?)await command.ExecuteScalarAsync(ct);
    }

    /// <summary>A run with a row in every table that keeps anything of it, and its user's result in force.</summary>
    public async Task<(Guid Run, Guid User)> AddStoredRunAsync(DateOnly day, CancellationToken ct, bool finished = true)
    {
        var (run, user) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await ExecuteAsync("select ensure_month($1)", ct, day);
        await ExecuteAsync(
            "insert into market_snapshots (id, market, business_date, taken_at, payload) values ($1, 'NYSE', $2, now(), '')",
            ct,
            run,
            day
        );
        await ExecuteAsync(
            """
            insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, completed_at,
                snapshot_id, correlation_id)
            values ($1, 'scoring', $3, 'NYSE', $2, 1, 'manual', $2, $4, $1, $1)
            """,
            ct,
            run,
            day,
            finished ? "completed" : "started",
            finished ? (object)day : DBNull.Value
        );
        await ExecuteAsync(
            """
            insert into run_batches (run_id, number, first_user, last_user, size, status, completed_at, cached_at)
            values ($1, 0, $2, $2, 1, 'done', now(), now())
            """,
            ct,
            run,
            user
        );
        await ExecuteAsync("insert into batch_attempts (run_id, number, worker) values ($1, 0, 'test')", ct, run);
        await ExecuteAsync("insert into run_failures values ($1, $2, 'load', 'x', null, now())", ct, run, user);
        await ExecuteAsync("insert into calculation_events values ($1, $2, $3, 1, now(), '')", ct, day, run, user);
        await ExecuteAsync("insert into calculation_results values ($1, $2, $3, 0, 0, now(), '', '')", ct, user, day, run);
        await ExecuteAsync("insert into asset_postings values ($1, $2, $3, 0, '')", ct, day, user, run);
        await ExecuteAsync("insert into current_results values ($1, $2, $3)", ct, user, day, run);
        return (run, user);
    }

    /// <summary>How many rows of a run are left, over all tables.</summary>
    public Task<long> RowsAsync(Guid run, CancellationToken ct) =>
        ScalarAsync(
            """
            select (select count(*) from overnight_job_runs where id = $1) + (select count(*) from market_snapshots where id = $1)
                + (select count(*) from run_batches where run_id = $1)
                + (select count(*) from batch_attempts where run_id = $1) + (select count(*) from run_failures where run_id = $1)
                + (select count(*) from calculation_events where run_id = $1)
                + (select count(*) from calculation_results where run_id = $1) + (select count(*) from asset_postings where run_id = $1)
                + (select count(*) from current_results where run_id = $1)
            """,
            ct,
            run
        );

    /// <summary>Tables of months, attached or not.</summary>
    public Task<long> TablesAsync(string month, CancellationToken ct) =>
        ScalarAsync("select count(*) from pg_class where relkind = 'r' and relname like '%\\_' || $1", ct, month);

    public async Task<long> ScalarAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
