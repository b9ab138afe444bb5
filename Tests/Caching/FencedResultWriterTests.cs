using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Caching;

/// <summary>SPEC B6, C5: what a write of results locks and reads, and for how long a mark stands that keeps an old value out.</summary>
public sealed class FencedResultWriterTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task B6_Repair_WaitsForANewerResultAndWritesThat()
    {
        var user = await AddAsync();
        await using var held = await HeldLock.TakeAsync(_app.Database, "select 1");
        var newer = await NewerResult.MakeAsync(held.Connection, user, Ct);

        var repairing = _app.Get<ResultRepair>().RepairAsync(user, Ct);
        var waiter = await held.WaiterAsync(repairing);
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        await held.CommitAsync();

        Assert.Contains("current_results RowShareLock", waiter.Locks);
        Assert.Equal(RepairOutcome.Written, await repairing);
        Assert.Equal(newer, (byte[]?)await _app.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
    }

    /// <summary>Others' rows are neither waited for nor written.</summary>
    [Fact]
    public async Task C5_Repair_IsOfItsUserAlone()
    {
        var (user, other) = (await AddAsync(), await AddAsync());
        await using var held = await HeldLock.TakeAsync(
            _app.Database,
            "select from current_results where user_id = $1 for no key update",
            other
        );

        Assert.Equal(RepairOutcome.Written, await held.NobodyWaitsAsync(_app.Get<ResultRepair>().RepairAsync(user, Ct)));

        Assert.True(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        Assert.False(await _app.Cache.KeyExistsAsync(CacheKeys.Recommendations(other)));
    }

    /// <summary>From PostgreSQL as from the cache.</summary>
    [Fact]
    public async Task C5_Read_OfAMiss_IsOfItsUserAlone()
    {
        foreach (var user in (Guid[])[await AddAsync(), await AddAsync()])
        {
            var answer = await _app.Get<ResultReader>().Entries.LoadAsync(user, Ct);
            Assert.Equal(TestResults.Entry(user), answer.Value);
        }
    }

    /// <summary>Longer than any load takes that began before the entry was invalidated.</summary>
    [Fact]
    public async Task E1_MarkOfAnInvalidation_StandsTenMinutes()
    {
        var key = $"session:{Guid.NewGuid():N}";

        Assert.True(await _app.Get<CacheInvalidation>().ForgetAsync([key]));

        Assert.True(CacheEntry.IsInvalidation((byte[]?)await _app.Cache.StringGetAsync(key)));
        Assert.InRange((await _app.Cache.KeyTimeToLiveAsync(key))!.Value.TotalSeconds, 540, 600);
    }

    private async Task<Guid> AddAsync()
    {
        var user = await _app.Database.AddUserAsync();
        await _app.Database.AddResultAsync(user, TestResults.Entry(user), "2026-11-20");
        return user;
    }
}
