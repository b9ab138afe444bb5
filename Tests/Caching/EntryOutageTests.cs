using System.Net.Sockets;
using System.Text;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>Entries while the cache, PostgreSQL, or both are away (SPEC F5).</summary>
public sealed class EntryOutageTests(TestServers servers)
{
    private const string Key = "overnight:test:outage";

    private static readonly Dictionary<string, string> Quick = new()
    {
        ["Cache:BreakDuration"] = "00:00:00.2",
        ["Cache:BeatInterval"] = "00:00:00.2",
    };
    private static readonly EntryKind Kind = new(CacheSet.Flags, TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5), StaleIfError: true);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_F5_BothAway_AnswersTheLastKnownValueWithItsAgeOrFails()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), cache.ConnectionString, settings: Quick);
        var reader = app.Get<EntryReader>();
        var known = await reader.GetAsync(Key, Kind, 0, Give("1"), Ct);
        await cache.StopAsync();
        await Eventually.TrueAsync(() => !app.Get<MemoryEntries>().IsEnabled, "memory is emptied");

        var stale = await reader.GetAsync(Key, Kind, 0, Away, Ct);
        Assert.Equal(("1", EntrySource.Stale, known.AsOf), (EntryReaderTests.Text(stale), stale.Source, stale.AsOf));

        // Nothing known, a kind that may not be stale, or a query that is wrong: told as it is.
        await Assert.ThrowsAsync<NpgsqlException>(async () => await reader.GetAsync(Key + 2, Kind, 0, Away, Ct));
        await Assert.ThrowsAsync<NpgsqlException>(async () => await reader.GetAsync(Key, Kind with { StaleIfError = false }, 0, Away, Ct));
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await reader.GetAsync(Key, Kind, 0, _ => throw new InvalidOperationException(), Ct)
        );

        // PostgreSQL is back, and what it says counts: also that there is nothing any more.
        Assert.Equal(EntrySource.Database, (await reader.GetAsync(Key, Kind, 0, Give("2"), Ct)).Source);
        Assert.Equal("2", EntryReaderTests.Text(await reader.GetAsync(Key, Kind, 0, Away, Ct)));
        Assert.Null((await reader.GetAsync(Key, Kind, 0, _ => Task.FromResult<byte[]?>(null), Ct)).Value);
        await Assert.ThrowsAsync<NpgsqlException>(async () => await reader.GetAsync(Key, Kind, 0, Away, Ct));
    }

    [Fact]
    public async Task Get_CacheEmptyAndPostgreSqlAway_AnswersTheLastKnownValue()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), settings: Quick);
        var key = $"{Key}:{Guid.CreateVersion7():N}";
        await app.Get<EntryReader>().GetAsync(key, Kind with { MemoryTtl = null }, 0, Give("1"), Ct);
        await app.Cache.KeyDeleteAsync(key);
        Assert.Equal(EntrySource.Stale, (await app.Get<EntryReader>().GetAsync(key, Kind with { MemoryTtl = null }, 0, Away, Ct)).Source);
    }

    [Fact]
    public async Task Get_PostgreSqlThatHangs_IsNotWaitedForWhereAValueIsKnown()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var key = $"{Key}:{Guid.CreateVersion7():N}";
        await app.Get<EntryReader>().GetAsync(key, Kind with { MemoryTtl = null }, 0, Give("1"), Ct);
        await app.Cache.KeyDeleteAsync(key);
        TaskCompletionSource<byte[]?> never = new();
        Assert.Equal(
            EntrySource.Stale,
            (await app.Get<EntryReader>().GetAsync(key, Kind with { MemoryTtl = null }, 0, _ => never.Task, Ct)).Source
        );
        never.SetResult(null);
    }

    /// <summary>The cache was away when the entry changed, and comes back with what it had.</summary>
    [Fact]
    public async Task Invalidate_CacheAway_IsDoneWhenItIsBack()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), cache.ConnectionString, settings: Quick);
        var reader = app.Get<EntryReader>();
        await Eventually.TrueAsync(
            async () => (await reader.GetAsync(Key, Kind, 0, Give("1"), Ct)).Source == EntrySource.Memory,
            "it is in memory"
        );

        // Away as far as this node can tell; the server keeps the entry.
        app.Get<CacheCircuit>().Failed(new TimeoutException());
        await reader.InvalidateAsync([Key]);

        await Eventually.TrueAsync(
            async () => EntryReaderTests.Text(await reader.GetAsync(Key, Kind, 0, Give("2"), Ct)) == "2",
            "it is invalidated after all"
        );
    }

    private static Task<byte[]?> Away(CancellationToken ct) =>
        Task.FromException<byte[]?>(new NpgsqlException("away", new SocketException()));

    private static Func<CancellationToken, Task<byte[]?>> Give(string value) =>
        _ => Task.FromResult<byte[]?>(Encoding.UTF8.GetBytes(value));
}
