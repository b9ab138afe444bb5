using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Migrations;

namespace Overnight.Jobs.Rehearsals;

/// <summary>
/// A schema in which nights are rehearsed: what runs write are empty tables of its own, what they read are views of the stored rows. It
/// comes before PostgreSQL's own functions in the search path, so that locks have other names in it, notifications go nowhere, and the
/// database's clock is that of the rehearsal. It is dropped at the end; one whose process was killed, by the next rehearsal
/// or the next erasure of a user.
/// </summary>
internal sealed class RehearsalSchema : IAsyncDisposable
{
    private const string Prefix = "rehearsal_",
        Lock = "hashtext('overnight.rehearsal'), hashtext($1)";

    /// <summary>Tables that runs write.</summary>
    private static readonly string[] Own =
    [
        "action_log",
        "asset_postings",
        "batch_attempts",
        "calculation_events",
        "calculation_results",
        "current_results",
        "failing_users",
        "market_snapshots",
        "nights",
        "notice_deliveries",
        "notices",
        "overnight_job_runs",
        "run_batches",
        "run_failures",
        "schedule_marks",
        "schedule_pauses",
        "seals",
    ];

    // Only the newest value of each key is read, and dated back to the simulated time, since an earlier day would find no value otherwise.
    private static readonly (string Table, string Key)[] Values =
    [
        ("prices", "asset_id"),
        ("fundamentals", "asset_id"),
        ("exchange_rates", "base, quote"),
    ];

    private readonly NpgsqlConnection _connection;

    private RehearsalSchema(NpgsqlConnection connection, string name) => (_connection, Name) = (connection, name);

    public string Name { get; }

    /// <param name="connectionString">That of the role that owns the database.</param>
    /// <param name="markets">The markets that are rehearsed.</param>
    public static async Task<RehearsalSchema> CreateAsync(string connectionString, IReadOnlyList<string> markets, CancellationToken ct)
    {
        // Not pooled: it holds the lock that shows that the schema is in use.
        NpgsqlConnection connection = new(
            new NpgsqlConnectionStringBuilder(DatabaseConnection.Complete(connectionString)!) { Pooling = false }.ConnectionString
        );
        try
        {
            await connection.OpenAsync(ct);
            await DropLeftoversAsync(connection, ct);
            RehearsalSchema schema = new(connection, $"{Prefix}{Guid.CreateVersion7():N}");
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await using (var hold = connection.Command($"select pg_advisory_lock({Lock})", schema.Name))
                await hold.ExecuteNonQueryAsync(ct);
            await schema.FillAsync(markets, ct);
            await transaction.CommitAsync(ct);
            return schema;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string with which everything happens in the schema.</summary>
    public string ConnectionString(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = $"{Name}, pg_catalog" }.ConnectionString;

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.ExecuteAsync($"drop schema {Name} cascade", CancellationToken.None);
        }
        catch (NpgsqlException)
        {
            // The server is away; the next rehearsal drops the schema.
        }
        await _connection.DisposeAsync();
    }

    /// <summary>Drops the schemas that no process holds the lock of.</summary>
    /// <returns>How many are in use.</returns>
    public static async Task<int> DropLeftoversAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var inUse = 0;
        var names = await connection.TextsAsync("select nspname::text from pg_namespace where starts_with(nspname, $1)", ct, Prefix);
        foreach (var name in names)
        {
            if (!await connection.ScalarAsync<bool>($"select pg_try_advisory_lock({Lock})", ct, name))
            {
                inUse++;
                continue;
            }
            await connection.ExecuteAsync($"drop schema if exists {Sql.Name(name)} cascade", ct);
            await connection.ScalarAsync<bool>($"select pg_advisory_unlock({Lock})", ct, name);
        }
        return inUse;
    }

    private async Task FillAsync(IReadOnlyList<string> markets, CancellationToken ct)
    {
        await _connection.ExecuteAsync(
            $"""
            create schema {Name};
            create unlogged table {Name}.rehearsal_clock (shift interval not null);
            insert into {Name}.rehearsal_clock values ('0');
            create function {Name}.clock_timestamp() returns timestamptz language sql volatile as
                $$ select pg_catalog.clock_timestamp() + shift from {Name}.rehearsal_clock $$;
            create function {Name}.now() returns timestamptz language sql stable as
                $$ select pg_catalog.now() + shift from {Name}.rehearsal_clock $$;
            create function {Name}.hashtext(name text) returns integer language sql immutable as
                $$ select pg_catalog.hashtext('{Name}.' || name) $$;
            create function {Name}.hashtextextended(name text, seed bigint) returns bigint language sql immutable as
                $$ select pg_catalog.hashtextextended('{Name}.' || name, seed) $$;
            create function {Name}.pg_notify(channel text, payload text) returns void language sql as $$ $$;
            create function {Name}.refuse() returns trigger language plpgsql as
                $$ begin raise 'A rehearsal does not change %.', tg_table_name; end $$;
            """,
            ct
        );
        foreach (var table in Own)
            await _connection.ExecuteAsync($"create unlogged table {Name}.{table} (like public.{table} including all)", ct);
        var stored = await _connection.TextsAsync(
            """
            select relname::text from pg_class
            where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname <> all ($1) order by 1
            """,
            ct,
            (object)Own.Append("__EFMigrationsHistory").ToArray()
        );
        foreach (var table in stored)
            await ViewAsync(table, await QueryAsync(table, markets, ct), ct);
        await CopyFunctionsAsync(ct);
        // The schema's tables have no partitions, so there are none to create.
        await _connection.ExecuteAsync($"create or replace function {Name}.ensure_month(day date) returns void language sql as $$ $$", ct);
    }

    private async Task<string> QueryAsync(string table, IReadOnlyList<string> markets, CancellationToken ct)
    {
        if (table == "user_markets")
            return $"select * from public.user_markets where market in ({string.Join(", ", markets.Select(Sql.Text))})";
        if (Values.FirstOrDefault(one => one.Table == table) is not (_, { } key))
            return $"select * from public.{Sql.Name(table)}";
        var columns = await _connection.TextsAsync(
            "select attname::text from pg_attribute where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped order by attnum",
            ct,
            table
        );
        // Copied, since to find the newest of each among those of years would take as long as a night, in each night.
        var newest = $"{Name}.newest_{table}";
        await _connection.ExecuteAsync(
            $"""
            create unlogged table {newest} as select distinct on ({key}) * from public.{table} order by {key}, as_of desc, known_at desc;
            create index on {newest} ({key}); analyze {newest}
            """,
            ct
        );
        // No call of a function for each row, which takes longer than the row.
        var now = $"(select pg_catalog.now() + shift from {Name}.rehearsal_clock)";
        var shown = columns.Select(column => column == "as_of" ? $"least(as_of, {now}) as as_of" : Sql.Name(column));
        return $"select {string.Join(", ", shown)} from {newest}";
    }

    private async Task ViewAsync(string table, string query, CancellationToken ct)
    {
        var name = $"{Name}.{Sql.Name(table)}";
        await _connection.ExecuteAsync(
            $"""
            create view {name} as {query};
            create trigger refuse instead of insert or update or delete on {name} for each row execute function {Name}.refuse();
            """,
            ct
        );
    }

    /// <summary>Functions of the tables, for their statements find tables by the search path.</summary>
    private async Task CopyFunctionsAsync(CancellationToken ct)
    {
        var functions = await _connection.TextsAsync(
            """
            select replace(pg_get_functiondef(p.oid), 'FUNCTION public.', 'FUNCTION ' || $1 || '.') from pg_proc p
            where p.pronamespace = 'public'::regnamespace and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype
                and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
            order by p.oid
            """,
            ct,
            Name
        );
        foreach (var function in functions)
            await _connection.ExecuteAsync(function, ct);
    }
}
