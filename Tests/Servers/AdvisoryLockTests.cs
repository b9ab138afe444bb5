using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Import;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Servers;

/// <summary>What only one does at a time, by PostgreSQL's advisory locks: the others wait, or leave it.</summary>
public sealed class AdvisoryLockTests(TestServers servers)
{
    /// <summary>Advisory locks in this database, whoever holds them.</summary>
    public const string Count =
        "select count(*) from pg_locks l join pg_database d on d.oid = l.database where l.locktype = 'advisory' and d.datname = current_database()";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lock_HeldByOne_IsRefusedToOthersUntilItIsLetGo()
    {
        var connectionString = await servers.CreateDatabaseAsync(Ct);
        await using var database = NpgsqlDataSource.Create(connectionString);
        // Of its own: a pooled connection that is opened again lets go of what it held.
        await using var watch = NpgsqlDataSource.Create(connectionString);
        await using (var first = await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.Warm, "a", Ct))
        {
            Assert.NotNull(first);
            Assert.Null(await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.Warm, "a", Ct));
            await using var otherName = await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.Warm, "b", Ct);
            await using var otherKind = await AdvisoryLock.TryTakeAsync(database, AdvisoryLock.RunSpan, "a", Ct);
            Assert.NotNull(otherName);
            Assert.NotNull(otherKind);
        }
        Assert.Equal(0, await watch.ScalarAsync<long>(Count));
    }

    /// <summary>Migrations made these functions and triggers; nights, imports and whoever has SQL call them.</summary>
    [Theory]
    [InlineData("overnight.ensure_month", "select ensure_month('2031-05-01')")]
    [InlineData("overnight.generations", "select erp.raise_generation(gen_random_uuid(), array['finance:coa'])")]
    // Before any row is locked, hence also where none is changed.
    [InlineData("overnight.generations", "delete from exchange_rates where false")]
    public async Task Function_ThatOneCallsAtATime_Waits(string name, string sql)
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        await using var held = await HeldLock.TakeAsync(database, "select pg_advisory_xact_lock(hashtext($1))", name);

        var calling = database.ExecuteAsync(sql);
        await held.WaiterAsync(calling);
        await held.RollbackAsync();

        await calling;
    }

    /// <summary>However long the one ahead takes: the limit of waits is not theirs.</summary>
    [Theory]
    [InlineData("overnight.import")]
    [InlineData("overnight.demo", 1)]
    [InlineData("overnight.demo", 2)]
    public async Task Work_ThatOneDoesAtATime_WaitsWithoutALimit(string name, int seeder = 0)
    {
        var connectionString = await servers.CreateDatabaseAsync(Ct);
        await using var database = NpgsqlDataSource.Create(connectionString);
        await using var impatient = NpgsqlDataSource.Create($"{connectionString};Options=-c lock_timeout=1ms");
        await using var held = await HeldLock.TakeAsync(database, "select pg_advisory_xact_lock(hashtext($1))", name);
        await using var connection = await impatient.OpenConnectionAsync(Ct);

        Task working = seeder switch
        {
            1 => new DemoSeeder(impatient, TimeProvider.System).SeedAsync(
                new()
                {
                    Users = 2,
                    Holdings = 2,
                    Criteria = 1,
                },
                null,
                Ct
            ),
            2 => new DemoTenantSeeder(impatient, TimeProvider.System).SeedAsync(1, 7, null, Ct),
            _ => ImportTransaction.BeginAsync(connection, Ct),
        };
        await held.WaiterAsync(working);
        await held.RollbackAsync();

        await working;
    }
}
