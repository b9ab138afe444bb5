using Npgsql;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Recovery;

/// <summary>
/// Counts what PostgreSQL is asked: every statement, by pg_stat_statements, where the server has it; else transactions, of which
/// one of a warm holds several statements. What begins and ends transactions does not count, nor what the driver sends along to clean
/// a connection that it takes from its pool (pg_advisory_unlock_all), nor the counter itself.
/// </summary>
internal sealed class QueryCounter
{
    private const string Extension = "pg_stat_statements";

    private const string Counted =
        "from pg_stat_statements where dbid = (select oid from pg_database where datname = current_database()) and query not like '%pg_stat_%' and query not ilike 'select pg_advisory_unlock_all()'";

    private const string Statements = $"select coalesce(sum(calls), 0)::bigint {Counted}";

    private const string Transactions = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()";

    private const string Frequent =
        $"select sum(calls)::bigint, left(regexp_replace(query, '\\s+', ' ', 'g'), 70) as text {Counted} group by text order by 1 desc limit 6";

    private readonly NpgsqlDataSource database;
    private readonly bool isByStatement;
    private long start;

    private QueryCounter(NpgsqlDataSource database, bool isByStatement) => (this.database, this.isByStatement) = (database, isByStatement);

    /// <summary>What is counted, for a reader.</summary>
    public string Unit => isByStatement ? "statements (pg_stat_statements)" : "transactions (pg_stat_database)";

    /// <summary>A server that can count statements, if its installation can.</summary>
    public static async Task<PostgresServer> StartServerAsync(Workbench bench, CancellationToken ct)
    {
        var folder = bench.CreateFolder("postgres");
        var server = await bench.StartPostgresAsync(ct, folder);
        await using (var own = NpgsqlDataSource.Create(server.ConnectionString("postgres") + ";Pooling=false"))
        {
            if (!await IsTrueAsync(own, $"select exists (select from pg_available_extensions where name = '{Extension}')", ct))
                return server;
            await RunAsync(own, $"alter system set shared_preload_libraries = '{Extension}'", ct);
        }
        await server.StopAsync();
        return await bench.StartPostgresAsync(ct, folder, server.Port);
    }

    public static async Task<QueryCounter> CreateAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var isThere = await IsTrueAsync(database, $"select current_setting('shared_preload_libraries') = '{Extension}'", ct);
        if (isThere)
        {
            await RunAsync(database, $"create extension if not exists {Extension}", ct);
            await RunAsync(database, $"alter system set {Extension}.track_utility = off", ct);
            await RunAsync(database, "select pg_reload_conf()", ct);
        }
        return new(database, isThere);
    }

    public async Task BeginAsync(CancellationToken ct)
    {
        if (isByStatement)
            await RunAsync(database, "select pg_stat_statements_reset()", ct);
        start = await NumberAsync(ct);
    }

    /// <returns>Since <see cref="BeginAsync"/>.</returns>
    public async Task<long> ReadAsync(CancellationToken ct) => await NumberAsync(ct) - start;

    /// <returns>What was asked most; nothing where only transactions are counted.</returns>
    public async Task<IReadOnlyList<(long Calls, string Query)>> FrequentAsync(CancellationToken ct)
    {
        if (!isByStatement)
            return [];
        await using var command = database.CreateCommand(Frequent);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<(long, string)> frequent = [];
        while (await reader.ReadAsync(ct))
            frequent.Add((reader.GetInt64(0), reader.GetString(1)));
        return frequent;
    }

    private async Task<long> NumberAsync(CancellationToken ct)
    {
        await using var command = database.CreateCommand(isByStatement ? Statements : Transactions);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    private static async Task<bool> IsTrueAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private static async Task RunAsync(NpgsqlDataSource database, string sql, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(ct);
    }
}
