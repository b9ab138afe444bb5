using System.Text;
using System.Text.Json;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

/// <summary>Cache-aside reading of entries of any kind, on one node and on two (SPEC F1, F5, G5).</summary>
public sealed class EntryReaderTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static readonly EntryKind Kind = new(CacheSet.Reference, TimeSpan.FromMinutes(5));
    private static readonly EntryKind InMemory = Kind with { MemoryTtl = TimeSpan.FromMinutes(5) };

    private readonly string _key = $"overnight:test:{Guid.CreateVersion7():N}";
    private readonly ApiApp _app = fixture.App;
    private int _loads;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private EntryReader Reader => _app.Get<EntryReader>();

    [Fact]
    public async Task Get_ManyMissesAtOnce_AreOneLoadWhoseEntryIsCachedWithAsOfAndGeneration()
    {
        TaskCompletionSource<byte[]?> source = new();
        var callers = Enumerable.Range(0, 100).Select(_ => Reader.GetAsync(_key, Kind, 7, Load(source.Task), Ct).AsTask()).ToArray();
        source.SetResult("[1,2]"u8.ToArray());

        Assert.All(await Task.WhenAll(callers), answer => Assert.Equal("[1,2]", Text(answer)));
        Assert.Equal(1, _loads);
        var again = await GetAsync("never", 7);
        Assert.Equal(("[1,2]", EntrySource.Cache, 1), (Text(again), again.Source, _loads));

        using var stored = JsonDocument.Parse((byte[])(await _app.Cache.StringGetAsync(_key))!);
        Assert.Equal(
            (_key, 7, 2),
            (
                stored.RootElement.GetProperty("key").GetString(),
                stored.RootElement.GetProperty("generation").GetInt64(),
                stored.RootElement.GetProperty("value").GetArrayLength()
            )
        );
        Assert.Equal(again.AsOf, stored.RootElement.GetProperty("asOf").GetDateTimeOffset());
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
        var good = StoredEntry.Write(_key, TimeProvider.System.GetUtcNow(), 7, "\"old\""u8);
        var damaged = good.ToArray();
        damaged[good.Length / 2] ^= 1;
        await _app.Cache.StringSetAsync(
            _key,
            what switch
            {
                "damaged" => damaged,
                "cut" => good[..^1],
                "another key's" => StoredEntry.Write(_key + "0", TimeProvider.System.GetUtcNow(), 7, "\"old\""u8),
                "another generation's" => StoredEntry.Write(_key, TimeProvider.System.GetUtcNow(), 6, "\"old\""u8),
                "another build's" => Encoding.UTF8.GetBytes(
                    Encoding.UTF8.GetString(good).Replace("\"schema\":1", "\"schema\":2", StringComparison.Ordinal)
                ),
                _ => Encoding.UTF8.GetBytes(what),
            },
            TimeSpan.FromMinutes(1)
        );

        Assert.Equal(("\"new\"", EntrySource.Database), Shown(await GetAsync("\"new\"", 7)));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await GetAsync("never", 7)));
    }

    [Fact]
    public async Task Get_EntryOfANewerGeneration_IsAMissButStays()
    {
        await GetAsync("\"new\"", 8);
        Assert.Equal(("\"mine\"", EntrySource.Database), Shown(await GetAsync("\"mine\"", 7)));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await GetAsync("never", 8)));
    }

    [Fact]
    public async Task Get_NothingInPostgreSql_IsNoValueAndNothingIsCached()
    {
        Assert.Null((await Reader.GetAsync(_key, InMemory, 0, Load(Task.FromResult<byte[]?>(null)), Ct)).Value);
        Assert.False(await _app.Cache.KeyExistsAsync(_key));
    }

    [Fact]
    public async Task Invalidate_OnOneNode_IsHeardByAnotherThatHasItInMemory()
    {
        await using var other = fixture.Another();
        await Eventually.TrueAsync(() => other.Get<MemoryEntries>().IsEnabled, "the other node hears itself");
        await Eventually.TrueAsync(
            async () => (await GetAsync("1", 0, InMemory, other)).Source == EntrySource.Memory,
            "the other node has it in memory"
        );

        await Reader.InvalidateAsync([_key]);

        await Eventually.TrueAsync(async () => Text(await GetAsync("2", 0, InMemory, other)) == "2", "the other node reads what is new");
        Assert.Equal("2", Text(await GetAsync("never", 0, InMemory)));
    }

    /// <summary>Begun on another node, before the change was committed; written after the invalidation.</summary>
    [Fact]
    public async Task Invalidate_WhileALoadIsUnderWay_TheOldValueIsNotBroughtBack()
    {
        await using var other = fixture.Another();
        TaskCompletionSource<byte[]?> source = new();
        var early = other.Get<EntryReader>().GetAsync(_key, InMemory, 0, Load(source.Task), Ct).AsTask();
        await Eventually.TrueAsync(() => _loads == 1, "the load has begun");

        await Reader.InvalidateAsync([_key]);
        source.SetResult("\"old\""u8.ToArray());
        Assert.Equal("\"old\"", Text(await early));

        // Twice: what was loaded after an invalidation may be cached in its place.
        Assert.Equal(("\"new\"", EntrySource.Database), Shown(await GetAsync("\"new\"", 0)));
        Assert.Equal(("\"new\"", EntrySource.Cache), Shown(await GetAsync("never", 0, on: other)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("a\r\nb")]
    [InlineData("é")]
    public async Task Get_KeyThatWasNotEncoded_IsRefused(string key) =>
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await Reader.GetAsync(key, Kind, 0, Load(Task.FromResult<byte[]?>([])), Ct)
        );

    [Fact]
    public void Memory_Entries_StayUnderTheirLimitAndAreOfOneGeneration()
    {
        TestClock time = new();
        MemoryEntries memory = new(Microsoft.Extensions.Options.Options.Create(new CacheOptions { EntryMemoryBytes = 100_000 }), time);
        memory.Enable();
        for (var i = 0; i < 1_000; i++)
        {
            var key = $"k:{i}";
            memory.Put(
                key,
                StoredEntry.Read(StoredEntry.Write(key, time.GetUtcNow(), 3, "1"u8), key)!,
                TimeSpan.FromSeconds(1),
                memory.Epoch
            );
            Assert.InRange(memory.Bytes, 0, 100_000);
        }
        Assert.True(memory.TryGet("k:999", 3, out _));
        Assert.False(memory.TryGet("k:999", 4, out _));
        Assert.False(memory.TryGet("k:999", 3, out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(memory.TryGet("k:998", 3, out _));
    }

    [Fact]
    public void Channel_Keys_AreReadAsWritten()
    {
        Assert.True(CacheChannel.TryReadKeys(CacheChannel.Keys(["a:1", "b:%20"]), out var keys));
        Assert.Equal(["a:1", "b:%20"], keys);
        Assert.False(CacheChannel.TryReadKeys("keys "u8, out _));
        Assert.False(CacheChannel.TryReadKeys(CacheChannel.Beat(Guid.Empty), out _));
    }

    internal static string? Text(EntryAnswer answer) => answer.Value is { } value ? Encoding.UTF8.GetString(value.Span) : null;

    private static (string?, EntrySource) Shown(EntryAnswer answer) => (Text(answer), answer.Source);

    private async Task<EntryAnswer> GetAsync(string value, long generation, EntryKind? kind = null, ApiApp? on = null) =>
        await (on ?? _app)
            .Get<EntryReader>()
            .GetAsync(_key, kind ?? Kind, generation, Load(Task.FromResult<byte[]?>(Encoding.UTF8.GetBytes(value))), Ct);

    private Func<CancellationToken, Task<byte[]?>> Load(Task<byte[]?> value) =>
        _ =>
        {
            Interlocked.Increment(ref _loads);
            return value;
        };
}
