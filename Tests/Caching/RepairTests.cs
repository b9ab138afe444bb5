using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

public sealed class RepairTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task Repair_WhileANewerResultCommits_WritesTheNewer()
    {
        var userId = await _app.Database.AddUserAsync();
        await _app.Database.AddResultAsync(userId, TestResults.Entry(userId, "1.0000"), "2026-11-20");
        var newer = TestResults.Entry(userId, "2.0000");

        // What a night's batch does: the new result and the change of what is current, not yet committed.
        await using var connection = await _app.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = """
                with made as (insert into calculation_results values ($1, '2026-11-21', $2, 1, 0, now(), $3, $4))
                update current_results set business_date = '2026-11-21', run_id = $2 where user_id = $1
                """;
            foreach (var value in (object[])[userId, Guid.CreateVersion7(), newer, TestResults.Portfolio(userId)]) command.Parameters.Add(new() { Value = value });
            await command.ExecuteNonQueryAsync();
        }
        var repair = _app.Get<ResultRepair>().RepairAsync(userId, CancellationToken.None);
        await Eventually.TrueAsync(async () => await WaitingAsync() > 0, "the repair waits for the lock");
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(userId)));
        await transaction.CommitAsync();

        Assert.Equal(RepairOutcome.Written, await repair);
        Assert.Equal(newer, (byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Recommendations(userId)));
    }

    [Fact]
    public async Task Repair_UserWithoutAResult_WritesNothing()
    {
        var userId = Guid.CreateVersion7();
        Assert.Equal(RepairOutcome.Gone, await _app.Get<ResultRepair>().RepairAsync(userId, CancellationToken.None));
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(userId)));
    }

    [Fact]
    public async Task Invalidate_User_RemovesBothKeys()
    {
        var userId = await _app.Database.AddUserAsync();
        Assert.True(await _app.Get<ResultCache>().SetAsync(userId, TestResults.Entry(userId), TestResults.Portfolio(userId)));
        Assert.NotNull(await _app.Get<ResultCache>().GetAsync(userId));
        Assert.True(await _app.Get<ResultCache>().InvalidateAsync(userId));
        Assert.Null(await _app.Get<ResultCache>().GetAsync(userId));
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Portfolio(userId)));
    }

    [Fact]
    public async Task Set_CacheIsFull_IsRefusedAndReadsGoOn()
    {
        var ct = TestContext.Current.CancellationToken;
        var full = await servers.StartCacheAsync(ct, kind: LocalServers.CacheKind.Redis, maxMemory: "1mb");
        await using ApiApp app = new(await servers.CreateDatabaseAsync(ct), full.ConnectionString);
        var userId = Guid.CreateVersion7();
        Assert.False(await app.Get<ResultCache>().SetAsync(userId, TestResults.Entry(userId), TestResults.Portfolio(userId)));
        Assert.False(app.Get<CacheCircuit>().IsOpen);
        Assert.Equal(CacheOutcome.Miss, (await app.Get<CacheStore>().GetAsync(CacheKeys.Recommendations(userId))).Outcome);
    }

    private async Task<long> WaitingAsync()
    {
        await using var command = _app.Database.CreateCommand("select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
