using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Flags;

/// <summary>SPEC F1, F2: the row locks of flags, each held by the test while the product wants it.</summary>
public sealed class FlagLockTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private const string Environment = "development";

    private readonly ApiApp _app = fixture.App;
    private readonly string _key = TestFlags.NewKey();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A change is meant for the flag as it was seen: one that another changes meanwhile is not that any more.</summary>
    [Fact]
    public async Task F1_Change_WaitsForAnotherAndIsJudgedByWhatThatLeft()
    {
        await _app.Database.AddFlagAsync(Environment, _key);
        await using var held = await HeldLock.TakeAsync(_app.Database, "update feature_flags set version = 2 where key = $1", _key);

        var changing = _app.Get<FlagStore>().ChangeAsync(_key, new(false, null, null), flag => flag.Version == 1, Actor.AdminKey, Ct);
        await held.WaiterAsync(changing);
        await held.CommitAsync();

        var (before, after) = await changing;
        Assert.Equal(2, before!.Version);
        Assert.Null(after);
    }

    /// <summary>In order of their keys, before any is changed: two nodes that count the same flags do not wait for each other.</summary>
    [Fact]
    public async Task F2_Uses_AreAddedWhenEveryFlagIsLocked()
    {
        var keys = new[] { $"{_key}.a", $"{_key}.b" };
        foreach (var key in keys)
            await _app.Database.AddFlagAsync(Environment, key);
        await using var held = await HeldLock.TakeAsync(_app.Database, "select from feature_flags where key = $1 for share", keys[1]);

        FlagUse[] uses = [.. keys.Reverse().Select(key => new FlagUse(key, 3, TimeProvider.System.GetUtcNow()))];
        var adding = _app.Get<FlagStore>().AddUsesAsync(uses, Ct);
        var waiter = await held.WaiterAsync(adding);
        await held.RollbackAsync();
        await adding;

        Assert.Contains("feature_flags RowShareLock", waiter.Locks);
        Assert.Equal(
            6,
            await _app.Database.ScalarAsync<long>("select sum(access_count)::bigint from feature_flags where key like $1", $"{_key}.%")
        );
    }

    /// <summary>A warm that waited for a change writes what was changed.</summary>
    [Fact]
    public async Task F2_Warm_WaitsForAChangeAndWritesWhatItLeft()
    {
        var environment = TestFlags.NewEnvironment();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, settings: ("Flags:Environment", environment));
        await warm.Database.AddFlagAsync(environment, _key);
        await using var held = await HeldLock.TakeAsync(warm.Database, "update feature_flags set version = 77 where key = $1", _key);

        var warming = warm.WarmAsync(FlagWarmSet.SetName, Ct);
        var waiter = await held.WaiterAsync(warming);
        Assert.False(await warm.Cache.KeyExistsAsync(CacheKeys.Flag(environment, _key)));
        await held.CommitAsync();

        Assert.Contains("feature_flags RowShareLock", waiter.Locks);
        Assert.Equal(1, (await warming).Warmed);
        Assert.Contains("\"version\":77", (string?)await warm.Cache.StringGetAsync(CacheKeys.Flag(environment, _key)));
    }
}
