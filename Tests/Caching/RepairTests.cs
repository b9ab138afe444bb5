using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Caching;

/// <summary>SPEC B6, C2: a miss is written back, and never over something newer.</summary>
public sealed class RepairTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task Repair_B6_WhileANewerResultCommits_WritesTheNewer()
    {
        var userId = await _app.Database.AddUserAsync();
        await _app.Database.AddResultAsync(userId, TestResults.Entry(userId, "1.0000"), "2026-11-20");

        await using var connection = await _app.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var newer = await NewerResult.MakeAsync(connection, userId, CancellationToken.None);
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
    public async Task Invalidate_B5_User_RemovesBothKeys()
    {
        var userId = await _app.Database.AddUserAsync();
        await _app.SetResultAsync(userId);
        Assert.NotNull(await _app.ResultAsync(userId));
        Assert.Equal(2, await _app.Get<ResultInvalidation>().OneAsync(userId));
        Assert.Null(await _app.ResultAsync(userId));
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Portfolio(userId)));
    }

    [Fact]
    public async Task Repair_CacheIsFull_IsRefusedAndReadsGoOn()
    {
        var ct = TestContext.Current.CancellationToken;
        var full = await servers.StartCacheAsync(ct, program: LocalRedisProgram.Redis, maxMemory: "1mb");
        await using ApiApp app = new(await servers.CreateDatabaseAsync(ct), full.ConnectionString);
        var userId = await app.Database.AddUserAsync();
        await app.Database.AddResultAsync(userId, TestResults.Entry(userId), "2026-11-20");
        Assert.Equal(RepairOutcome.Failed, await app.Get<ResultRepair>().RepairAsync(userId, ct));
        Assert.False(app.Get<CacheCircuit>().IsOpen);
        Assert.StartsWith("OOM", app.Get<CacheStore>().Refusal, StringComparison.Ordinal);
        Assert.Equal(CacheOutcome.Miss, (await app.Get<CacheStore>().GetAsync(CacheKeys.Recommendations(userId))).Outcome);
    }

    private async Task<long> WaitingAsync()
    {
        await using var command = _app.Database.CreateCommand(
            "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())"
        );
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
