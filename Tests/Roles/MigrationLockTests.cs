using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Flags;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Servers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Roles;

/// <summary>One process migrates, and the others wait for it, however long that takes.</summary>
public sealed class MigrationLockTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrate_WhileAnotherMigrates_WaitsWithoutALimitAndLetsGoAfterwards()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        await database.Owner.ExecuteAsync(
            """
            create table limits (wait text);
            create function see() returns trigger language plpgsql as $$
            begin insert into limits values (current_setting('lock_timeout')); return null; end $$;
            create trigger see before insert on markets for each statement execute function see()
            """
        );
        await using var impatient = NpgsqlDataSource.Create(
            $"{database.Configuration.GetConnectionString(DatabaseConnection.Overnight)};Options=-c lock_timeout=1ms"
        );
        await using var context = OvernightContext.Open(impatient);
        DatabaseMigration migration = new(
            impatient,
            context,
            new(Options.Create(new MarketsOptions())),
            new(impatient, TimeProvider.System),
            Options.Create(new FlagOptions { Environment = "development" }),
            new DatabaseRoles(database.Configuration),
            TimeProvider.System
        );
        await using var held = await HeldLock.TakeAsync(database.Owner, "select pg_advisory_xact_lock(hashtext('overnight.migrate'))");

        var migrating = migration.RunAsync(null, null, Ct);
        await held.WaiterAsync(migrating);
        await held.RollbackAsync();
        await migrating;

        // The limit is in force again for the work itself, and the pooled connection lets others in.
        Assert.Equal("1ms", await database.Owner.ScalarAsync<string>("select string_agg(distinct wait, ' ') from limits"));
        Assert.Equal(0, await database.Administrator.ScalarAsync<long>(AdvisoryLockTests.Count));
    }

    /// <summary>Roles are the server's: whoever changes them holds a lock in the database that administrators' strings name.</summary>
    [Fact]
    public async Task Migrate_WhileAnotherChangesRoles_Waits()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        // Of this test alone, so that no other test waits, and none is taken for this one's.
        await using var meeting = await RoleDatabase.CreateEmptyAsync(servers, Ct);
        var configuration = TestRoles.Configuration(
            database.Server,
            new NpgsqlConnectionStringBuilder(database.Server).Database!,
            (DatabaseConnection.Server, meeting.Server)
        );
        await using var held = await HeldLock.TakeAsync(meeting.Administrator, "select pg_advisory_xact_lock(hashtext('overnight.roles'))");

        var migrating = TestRoles.MigrateAsync(configuration, Ct);
        await held.WaiterAsync(migrating);
        await held.RollbackAsync();

        Assert.Empty((await migrating).Applied);
    }
}
