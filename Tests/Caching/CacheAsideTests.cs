using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>Cache-aside reading of entries of any kind, on one node and on two (SPEC F1, F5, G5).</summary>
public sealed class CacheAsideTests(ApiFixture fixture) : IClassFixture<ApiFixture>, IDisposable
{
    private readonly string _key = $"overnight:test:{Guid.CreateVersion7():N}";
    private readonly ApiApp _app = fixture.App;
    private readonly TestEntries _entries = new(fixture.App);
    private int _loads;

    public void Dispose() => _entries.Dispose();

    [Fact]
    public async Task Get_ManyMissesAtOnce_AreOneLoadWhoseEntryIsCachedWithAsOfAndGeneration()
    {
        TaskCompletionSource<byte[]?> source = new();
        var callers = Enumerable.Range(0, 100).Select(_ => _entries.GetAsync(_key, Counted(source.Task), 7)).ToArray();
        source.SetResult("[1,2]"u8.ToArray());

        Assert.All(await Task.WhenAll(callers), answer => Assert.Equal("[1,2]", TestEntries.Text(answer)));
        Assert.Equal(1, _loads);
        var again = await _entries.GetAsync(_key, "never", 7);
        Assert.Equal(("[1,2]", EntrySource.Cache, 1), (TestEntries.Text(again), again.Source, _loads));

        using var stored = JsonDocument.Parse((byte[])(await _app.Cache.StringGetAsync(_key))!);
        Assert.Equal(
            (_key, 7, 2),
            (
                stored.RootElement.GetProperty("key").GetString(),
                stored.RootElement.GetProperty("generation").GetInt64(),
                stored.RootElement.GetProperty("value").GetArrayLength()
            )
        );
        Assert.Equal(again.Value!.AsOf, stored.RootElement.GetProperty("asOf").GetDateTimeOffset());
        Assert.InRange((await _app.Cache.KeyTimeToLiveAsync(_key))!.Value, TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(5));
    }

    [Theory]
    [InlineData("no entry at all")]
    [InlineData("")]
    [InlineData("damaged")]
    [InlineData("cut")]
    [InlineData("another key's")]
    [InlineData("another generation's")]
    [InlineData("another build's")]
    public async Task Get_EntryThatIsNotThis_IsAMissAndReplaced(string what)
    {
        var good = CacheEntry.Write(_key, TimeProvider.System.GetUtcNow(), 7, "\"old\""u8);
        var damaged = good.ToArray();
        damaged[good.Length / 2] ^= 1;
        await _app.Cache.StringSetAsync(
            _key,
            what switch
            {
                "damaged" => damaged,
                "cut" => good[..^1],
                "another key's" => CacheEntry.Write(_key + "0", TimeProvider.System.GetUtcNow(), 7, "\"old\""u8),
                "another generation's" => CacheEntry.Write(_key, TimeProvider.System.GetUtcNow(), 6, "\"old\""u8),
                "another build's" => Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(good).Replace("\"schema\":1", "\"schema\":2", StringComparison.Ordinal)
                ),
                _ => Encoding.UTF8.GetBytes(what),
            },
            TimeSpan.FromMinutes(1)
        );

        Assert.Equal(("\"new\"", EntrySource.Database), Shown(await _entries.GetAsync(_key, "\"new\"", 7)));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await _entries.GetAsync(_key, "never", 7)));
    }

    [Fact]
    public async Task Get_EntryOfANewerGeneration_IsAMissButStays()
    {
        await _entries.GetAsync(_key, "\"new\"", 8);
        Assert.Equal(("\"mine\"", EntrySource.Database), Shown(await _entries.GetAsync(_key, "\"mine\"", 7)));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await _entries.GetAsync(_key, "never", 8)));
    }

    [Fact]
    public async Task Get_NothingInPostgreSql_IsNoValueAndNothingIsCached()
    {
        Assert.Null((await _entries.GetAsync(_key, (string?)null)).Value);
        Assert.False(await _app.Cache.KeyExistsAsync(_key));
    }

    [Fact]
    public async Task Invalidate_OnOneNode_IsHeardByAnotherThatHasItInMemory()
    {
        await using var app = fixture.Another();
        using TestEntries other = new(app, inMemory: true);
        await other.BeatAsync();
        await Eventually.TrueAsync(() => other.Memory.IsEnabled, "the other node hears itself");
        await Eventually.TrueAsync(
            async () => (await other.GetAsync(_key, "1")).Source == EntrySource.Memory,
            "the other node has it in memory"
        );

        Assert.True(await _entries.InvalidateAsync(_key));

        await Eventually.TrueAsync(
            async () => TestEntries.Text(await other.GetAsync(_key, "2")) == "2",
            "the other node reads what is new"
        );
        Assert.Equal("2", TestEntries.Text(await _entries.GetAsync(_key, "never")));
    }

    /// <summary>
    /// Why a value is written only over what was seen: begun on another node before the change was committed, and written after the
    /// invalidation.
    /// </summary>
    [Fact]
    public async Task Invalidate_WhileALoadIsUnderWay_TheOldValueIsNotBroughtBack()
    {
        await using var app = fixture.Another();
        using TestEntries other = new(app, inMemory: true);
        TaskCompletionSource<byte[]?> source = new();
        var early = other.GetAsync(_key, Counted(source.Task));
        await Eventually.TrueAsync(() => _loads == 1, "the load has begun");

        await _entries.InvalidateAsync(_key);
        source.SetResult("\"old\""u8.ToArray());
        Assert.Equal("\"old\"", TestEntries.Text(await early));

        // Twice: what was loaded after an invalidation may be cached in its place.
        Assert.Equal(("\"new\"", EntrySource.Database), Shown(await _entries.GetAsync(_key, "\"new\"")));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await other.GetAsync(_key, "never")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("a\r\nb")]
    [InlineData("é")]
    public async Task Get_KeyThatWasNotEncoded_IsRefused(string key) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _entries.GetAsync(key, "1"));

    [Fact]
    public void Channel_Keys_AreReadAsWritten()
    {
        Assert.True(CacheChannel.TryReadKeys(CacheChannel.Keys(["a:1", "b:%20"]), out var keys));
        Assert.Equal(["a:1", "b:%20"], keys);
        Assert.False(CacheChannel.TryReadKeys("keys "u8, out _));
        Assert.False(CacheChannel.TryReadKeys(CacheChannel.Beat(Guid.Empty), out _));
    }

    private static (string?, EntrySource) Shown(Answer<CacheEntry> answer) => (TestEntries.Text(answer), answer.Source);

    private Func<Task<byte[]?>> Counted(Task<byte[]?> value) =>
        () =>
        {
            Interlocked.Increment(ref _loads);
            return value;
        };
}
