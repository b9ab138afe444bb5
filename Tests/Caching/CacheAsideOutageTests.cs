using System.Net.Sockets;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>Entries while the cache, PostgreSQL, or both are away (SPEC F5).</summary>
public sealed class CacheAsideOutageTests(TestServers servers)
{
    private static readonly Dictionary<string, string> Quick = new() { ["Cache:BreakDuration"] = "00:00:00.2" };

    private readonly string _key = $"overnight:test:outage:{Guid.CreateVersion7():N}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_F5_BothAway_AnswersTheLastKnownValueWithItsAgeOrFails()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), cache.ConnectionString, settings: Quick);
        using TestEntries entries = new(app, isStaleIfError: true);
        using TestEntries neverStale = new(app);
        var known = await entries.GetAsync(_key, "1");
        await cache.StopAsync();

        var stale = await entries.GetAsync(_key, Away);
        Assert.Equal(("1", EntrySource.Stale, known.Value!.AsOf), (TestEntries.Text(stale), stale.Source, stale.Value!.AsOf));

        // Nothing known, a kind that may not be stale, or a query that is wrong: told as it is.
        await Assert.ThrowsAsync<NpgsqlException>(() => entries.GetAsync(_key + 2, Away));
        await Assert.ThrowsAsync<NpgsqlException>(() => neverStale.GetAsync(_key, Away));
        await Assert.ThrowsAsync<InvalidOperationException>(() => entries.GetAsync(_key, () => throw new InvalidOperationException()));

        // PostgreSQL is back, and what it says counts: also that there is nothing any more.
        Assert.Equal(EntrySource.Database, (await entries.GetAsync(_key, "2")).Source);
        Assert.Equal("2", TestEntries.Text(await entries.GetAsync(_key, Away)));
        Assert.Null((await entries.GetAsync(_key, (string?)null)).Value);
        await Assert.ThrowsAsync<NpgsqlException>(() => entries.GetAsync(_key, Away));
    }

    [Fact]
    public async Task Get_CacheEmptyAndPostgreSqlAway_AnswersTheLastKnownValue()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), settings: Quick);
        using TestEntries entries = new(app, isStaleIfError: true);
        await entries.GetAsync(_key, "1");
        await app.Cache.KeyDeleteAsync(_key);
        Assert.Equal(EntrySource.Stale, (await entries.GetAsync(_key, Away)).Source);
    }

    [Fact]
    public async Task Get_PostgreSqlThatHangs_IsNotWaitedForWhereAValueIsKnown()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        using TestEntries entries = new(app, isStaleIfError: true);
        await entries.GetAsync(_key, "1");
        await app.Cache.KeyDeleteAsync(_key);
        TaskCompletionSource<byte[]?> never = new();
        Assert.Equal(EntrySource.Stale, (await entries.GetAsync(_key, () => never.Task)).Source);
        never.SetResult(null);
    }

    /// <summary>The cache was away when the entry changed, and comes back with what it had.</summary>
    [Fact]
    public async Task Invalidate_CacheAway_IsNotBelievedMeanwhileAndDoneWhenItIsBack()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), settings: Quick);
        using TestEntries entries = new(app);
        await entries.GetAsync(_key, "1");
        Assert.Equal(EntrySource.Cache, (await entries.GetAsync(_key, "2")).Source);

        // Away as far as this node can tell; the server keeps the entry.
        app.Get<CacheCircuit>().Failed(new TimeoutException());
        Assert.False(await entries.InvalidateAsync(_key));
        Assert.Equal("2", TestEntries.Text(await entries.GetAsync(_key, "2")));

        await Eventually.TrueAsync(
            async () => CacheEntry.IsInvalidation((byte[]?)await app.Cache.StringGetAsync(_key)),
            "the cache is told after all"
        );
        Assert.Equal("3", TestEntries.Text(await entries.GetAsync(_key, "3")));
    }

    private static Task<byte[]?> Away() => Task.FromException<byte[]?>(new NpgsqlException("away", new SocketException()));
}
