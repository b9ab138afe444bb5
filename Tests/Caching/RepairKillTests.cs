using System.Net;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Caching;

/// <summary>
/// SPEC B6, C2: the API's process, the cache or PostgreSQL is killed while the dashboard repairs an entry, and meanwhile a newer
/// result is committed and cached. Nothing older comes over it, and the next miss is repaired.
/// </summary>
public sealed class RepairKillTests(TestServers servers)
{
    private const string Waiting =
        "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Process_KilledInARepair_LeavesTheNewerForTheNext()
    {
        var (database, cache) = (await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        await using ApiApp app = new(database, cache);
        var (user, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(user, TestResults.Entry(user, "1.0000"), "2026-11-20");
        await using var connection = await app.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var newer = await NewerResult.MakeAsync(connection, user, Ct);

        using (var killed = await TestApiProcess.StartAsync(database, cache, Ct))
        {
            // Answered with what is current, which goes on to be repaired, and waits.
            Assert.Contains("\"totalInvestable\":\"1.0000\"", await killed.DashboardAsync(token, Ct));
            await Eventually.TrueAsync(async () => await ScalarAsync(app.Database, Waiting) > 0, "the repair waits for the lock");
            await killed.KillAsync(Ct);
        }
        await transaction.CommitAsync(Ct);
        await NewerResult.CacheAsync(app.Cache, user);
        // Until PostgreSQL has noticed that nobody waits any more.
        await Eventually.TrueAsync(async () => await ScalarAsync(app.Database, Waiting) == 0, "the lock is let go");

        Assert.Equal(newer, (byte[]?)await app.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
        Assert.Equal(RepairOutcome.Written, await app.Get<ResultRepair>().RepairAsync(user, Ct));
        Assert.Equal(newer, (byte[]?)await app.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
    }

    [Fact]
    public async Task Cache_KilledInARepair_IsRepairedWithTheNewerWhenItIsBack()
    {
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(Ct),
            cache.ConnectionString,
            settings: new Dictionary<string, string> { ["Cache:BreakDuration"] = "00:00:00.2" }
        );
        var (user, token) = await app.Database.SignInAsync();
        await app.Database.AddResultAsync(user, TestResults.Entry(user, "1.0000"), "2026-11-20");
        await using var connection = await app.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var newer = await NewerResult.MakeAsync(connection, user, Ct);
        var repair = app.Get<ResultRepair>().RepairAsync(user, Ct);
        await Eventually.TrueAsync(async () => await ScalarAsync(app.Database, Waiting) > 0, "the repair waits for the lock");

        cache.Kill();
        await transaction.CommitAsync(Ct);
        Assert.Equal(RepairOutcome.Failed, await repair);

        await servers.StartCacheAsync(Ct, folder, cache.Port);
        // The dashboard's own misses repair it.
        await Eventually.TrueAsync(
            async () =>
            {
                using var answer = await app.GetAsync("/api/dashboard", token, Ct);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                return (await answer.Content.ReadAsStringAsync(Ct)).Contains("\"fromCache\":true", StringComparison.Ordinal);
            },
            "the entry is repaired"
        );
        Assert.Equal(newer, (byte[]?)await app.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
    }

    [Fact]
    public async Task Postgres_KilledInARepair_LeavesTheNewerForTheNext()
    {
        var folder = await servers.CreateFolderAsync();
        var postgres = await servers.StartPostgresAsync(Ct, folder);
        var database = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "repair", Ct);
        await using ApiApp app = new(database, await servers.CacheConnectionStringAsync(Ct));
        var user = await app.Database.AddUserAsync();
        await app.Database.AddResultAsync(user, TestResults.Entry(user, "1.0000"), "2026-11-20");
        await TestRoles.AsAdministratorAsync(postgres.ConnectionString("postgres"), "checkpoint", Ct);
        var connection = await app.Database.OpenConnectionAsync(Ct);
        _ = await connection.BeginTransactionAsync(Ct);
        await NewerResult.MakeAsync(connection, user, Ct);
        var repair = app.Get<ResultRepair>().RepairAsync(user, Ct);
        await Eventually.TrueAsync(async () => await ScalarAsync(app.Database, Waiting) > 0, "the repair waits for the lock");

        postgres.Kill();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => repair);
        Assert.False(await app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        await Record.ExceptionAsync(async () => await connection.DisposeAsync());

        await using var restarted = await servers.StartPostgresAsync(Ct, folder, postgres.Port);
        byte[]? newer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                newer = await TryMakeAsync(app, user);
                return newer is not null;
            },
            "PostgreSQL is back"
        );
        Assert.Equal(RepairOutcome.Written, await app.Get<ResultRepair>().RepairAsync(user, Ct));
        Assert.Equal(newer, (byte[]?)await app.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
    }

    private static async Task<byte[]?> TryMakeAsync(ApiApp app, Guid user)
    {
        try
        {
            return await NewerResult.MakeAndCacheAsync(app.Database, app.Cache, user, Ct);
        }
        catch (NpgsqlException)
        {
            // A connection of before, or a server that is starting.
            return null;
        }
    }

    private static async Task<long> ScalarAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }
}
