using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Jobs.Retention;
using Overnight.Tests.Harness;
using Overnight.Tests.Servers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Retention;

/// <summary>SPEC D3: retention is in nobody's way, and done by one at a time.</summary>
public sealed class RetentionLockTests(TestServers servers)
{
    private static readonly TestClock Clock = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D3_Retention_WhileAnotherIsAtIt_IsLeftAndAfterItFree()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await using var watch = NpgsqlDataSource.Create(database.ConnectionString);
        await using (var held = await HeldLock.TakeAsync(database.Source, "select pg_advisory_xact_lock(hashtext('overnight.retention'))"))
            Assert.Null(await held.NobodyWaitsAsync(database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct)));

        Assert.NotNull(await database.Retention(Clock).RunOnceAsync(isDryRun: false, Ct));
        Assert.Equal(0, await watch.ScalarAsync<long>(AdvisoryLockTests.Count));
    }

    /// <summary>A user who is being computed anew is passed over, and nobody waits.</summary>
    [Fact]
    public async Task D3_CurrentResultThatSomebodyHolds_IsPassedOver()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        var (_, held) = await database.AddStoredRunAsync(new(2024, 9, 2), Ct);
        await database.AddStoredRunAsync(new(2024, 9, 3), Ct);
        await using var other = await HeldLock.TakeAsync(
            database.Source,
            "select from current_results where user_id = $1 for key share",
            held
        );
        await using var connection = await database.Source.OpenConnectionAsync(Ct);

        await other.NobodyWaitsAsync(OldRows.ForgetCurrentAsync(connection, new(new(2024, 11, 1), false), new(2024, 10, 1), 10, Ct));

        Assert.Equal([held], await database.Source.ScalarAsync<Guid[]>("select array(select user_id from current_results)"));
    }

    /// <summary>As its own statements see it, and gone afterwards from a connection that others use.</summary>
    [Fact]
    public async Task D3_Wait_ForALockHasItsOwnLimit()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync(
            """
            create table limits (wait text);
            create function see() returns trigger language plpgsql as $$
            begin insert into limits values (current_setting('lock_timeout')); return null; end $$;
            create trigger see before delete on sessions for each statement execute function see()
            """,
            Ct
        );
        await using var one = NpgsqlDataSource.Create(
            $"{database.ConnectionString};Maximum Pool Size=1;No Reset On Close=true;Options=-c lock_timeout=19s"
        );
        HistoryRetention retention = new(
            one,
            Options.Create(new RetentionOptions { LockTimeout = TimeSpan.FromSeconds(7) }),
            Clock,
            NullLogger<HistoryRetention>.Instance
        );

        Assert.NotNull(await retention.RunOnceAsync(isDryRun: false, Ct));

        Assert.Equal("7s", await database.Source.ScalarAsync<string>("select string_agg(distinct wait, ' ') from limits"));
        Assert.Equal("19s", await one.ScalarAsync<string>("select current_setting('lock_timeout')"));
    }
}
