using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Flags;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Demo;

namespace Overnight.Jobs.Migrations;

/// <summary>What <see cref="DatabaseMigration"/> did.</summary>
/// <param name="Created">The database was not there before.</param>
/// <param name="Applied">Migrations applied now, in order.</param>
/// <param name="Seeded">Null when no demo data was asked for, or there were users already.</param>
/// <param name="Roles">Null where roles are not made here.</param>
internal sealed record MigrationOutcome(
    string Database,
    bool Created,
    IReadOnlyList<string> Applied,
    DemoSummary? Seeded,
    RolesOutcome? Roles = null
);

/// <summary>
/// Creates or migrates the database for this build. Several processes may run it at once: one migrates, and the others wait for it.
/// </summary>
internal sealed class DatabaseMigration(
    NpgsqlDataSource dataSource,
    OvernightContext context,
    MarketCatalog markets,
    DemoSeeder seeder,
    IOptions<FlagOptions> flags,
    DatabaseRoles roles,
    TimeProvider time
)
{
    /// <summary>
    /// Creates the table before EF Core looks for it, since its failed query would put an error into the server's log. Earlier builds
    /// named the columns in EF Core's own way.
    /// </summary>
    private const string PrepareHistory = """
        do $$ begin
            if to_regclass('"__EFMigrationsHistory"') is null then
                create table "__EFMigrationsHistory" (migration_id varchar(150) primary key, product_version varchar(32) not null);
            elsif exists (select from pg_attribute where attrelid = to_regclass('"__EFMigrationsHistory"') and attname = 'MigrationId') then
                alter table "__EFMigrationsHistory" rename column "MigrationId" to migration_id;
                alter table "__EFMigrationsHistory" rename column "ProductVersion" to product_version;
            end if;
        end $$
        """;

    /// <param name="demoUsers">How many demo users an empty database gets; null for none.</param>
    public async Task<MigrationOutcome> RunAsync(int? demoUsers, IProgress<DemoProgress>? progress, CancellationToken ct)
    {
        using var span = Telemetry.Source.StartActivity("migrate");
        try
        {
            var created = roles.AreMade ? await roles.CreateAsync(ct) : await CreateDatabaseAsync(ct);
            await using var guard = await dataSource.OpenConnectionAsync(ct);
            // A lock of the session and not of a transaction, since the context migrates on a connection of its own. It is waited for
            // however long the process that holds it takes.
            await guard.ExecuteAsync(
                "set lock_timeout = 0; select pg_advisory_lock(hashtext('overnight.migrate')); reset lock_timeout",
                ct
            );
            string[] applied;
            DemoSummary? seeded = null;
            RolesOutcome? taken;
            try
            {
                taken = await roles.TakeOverAsync(ct);
                await guard.ExecuteAsync(PrepareHistory, ct);
                applied = await IsUpToDateAsync(guard, ct) ? [] : [.. await context.Database.GetPendingMigrationsAsync(ct)];
                if (applied.Length > 0)
                    await context.Database.MigrateAsync(ct);
                await AddMarketsAsync(guard, ct);
                await EnsureMonthsAsync(guard, ct);
                await roles.GrantAsync(guard, ct);
                if (demoUsers is { } users && !await AnyUserAsync(guard, ct))
                {
                    seeded = await seeder.SeedAsync(new() { Users = users }, progress, ct);
                    await DemoFlags.AddAsync(guard, flags.Value.Environment, ct);
                }
            }
            finally
            {
                // A pooled connection keeps its session locks when it is closed.
                await guard.ExecuteAsync("select pg_advisory_unlock(hashtext('overnight.migrate'))", CancellationToken.None);
            }
            span?.SetTag("overnight.database.created", created)
                .SetTag("overnight.migrations", applied.Length)
                .SetTag("overnight.demo.users", seeded?.UsersAdded ?? 0);
            return new(guard.Database, created, applied, seeded, taken);
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message).SetTag("error.type", exception.GetType().FullName);
            throw;
        }
    }

    /// <summary>Checked without EF Core, which most starts then need not initialise, since they find nothing to migrate.</summary>
    private static async Task<bool> IsUpToDateAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = $"select not exists (select unnest($1) except select migration_id from {MigrationIds.HistoryTable})";
        command.Parameters.Add(new() { Value = MigrationIds.Ids.ToArray() });
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Creates the database when it is missing. A server that does not allow it answers with its own error.</summary>
    private async Task<bool> CreateDatabaseAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            return false;
        }
        catch (PostgresException missing) when (missing.SqlState == PostgresErrorCodes.InvalidCatalogName)
        {
            // A new server has no such database yet; it is created below.
        }
        await using var maintenance = await OpenMaintenanceAsync(ct);
        await using var create = maintenance.CreateCommand();
        create.CommandText = $"create database {Sql.Name(DatabaseName)}";
        try
        {
            await create.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException exists)
            when (exists.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another process has created the database meanwhile.
            return false;
        }
        return true;
    }

    private string DatabaseName
    {
        get
        {
            NpgsqlConnectionStringBuilder parsed = new(dataSource.ConnectionString);
            return parsed.Database ?? parsed.Username ?? "overnight";
        }
    }

    /// <summary>Opens a connection like the data source's, password included, to the database that every server has.</summary>
    private async Task<NpgsqlConnection> OpenMaintenanceAsync(CancellationToken ct)
    {
        await using var template = dataSource.CreateConnection();
        var maintenance = await template.CloneWithAsync(
            new NpgsqlConnectionStringBuilder(dataSource.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString,
            ct
        );
        try
        {
            await maintenance.OpenAsync(ct);
            return maintenance;
        }
        catch
        {
            await maintenance.DisposeAsync();
            throw;
        }
    }

    /// <summary>Users, assets and runs refer to markets by code, so that a configured one needs its row.</summary>
    private async Task AddMarketsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText =
            "insert into markets (code, name) select * from unnest($1::text[], $2::text[]) on conflict (code) do update set name = excluded.name where markets.name <> excluded.name";
        command.Parameters.Add(new() { Value = markets.All.Select(market => market.Code).ToArray() });
        command.Parameters.Add(new() { Value = markets.All.Select(market => market.Name).ToArray() });
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task EnsureMonthsAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        await using var command = connection.CreateCommand();
        command.CommandText = "select ensure_month($1), ensure_month(($1 + interval '1 month')::date)";
        command.Parameters.Add(new() { Value = today });
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<bool> AnyUserAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "select exists (select from users)";
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }
}
