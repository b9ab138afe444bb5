using Overnight.Core.Explanations;
using Overnight.Core.Market;

namespace Overnight.Tests.Explanations;

public sealed class SnapshotMemoryTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_AskedForByMany_LoadsOnce()
    {
        SnapshotMemory memory = new(1_000_000);
        var (id, loads) = (Guid.NewGuid(), 0);
        TaskCompletionSource<MarketSnapshot> loading = new();

        var asked = Enumerable.Range(0, 10).Select(_ => memory.GetAsync(id, Load, Ct)).ToList();
        loading.SetResult(Snapshot(id, "NYSE", 1));
        var got = await Task.WhenAll(asked);

        Assert.Single(got.Distinct());
        Assert.Equal(1, loads);

        Task<MarketSnapshot> Load()
        {
            Interlocked.Increment(ref loads);
            return loading.Task;
        }
    }

    [Fact]
    public async Task GetAsync_WhenItIsFull_KeepsTheNewestOfEachMarketAndTheLastUsed()
    {
        SnapshotMemory memory = new(await SizeAsync() * 3);
        var (newest, other, old, older) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await PutAsync(memory, Snapshot(newest, "NYSE", 9));
        await PutAsync(memory, Snapshot(other, "LSE", 1));
        await PutAsync(memory, Snapshot(old, "NYSE", 8));

        await PutAsync(memory, Snapshot(older, "NYSE", 7));

        Assert.Equal((true, true, false, true), (memory.Has(newest), memory.Has(other), memory.Has(old), memory.Has(older)));
        Assert.Equal(await SizeAsync() * 3, memory.Bytes);
    }

    [Fact]
    public async Task GetAsync_SnapshotLargerThanTheLimit_IsAnsweredAndNotKept()
    {
        SnapshotMemory memory = new(10);
        var id = Guid.NewGuid();

        await PutAsync(memory, Snapshot(id, "NYSE", 1));

        Assert.Equal((false, 0L), (memory.Has(id), memory.Bytes));
    }

    [Fact]
    public async Task GetAsync_LoadThatFails_IsTriedAgain()
    {
        SnapshotMemory memory = new(1_000_000);
        var id = Guid.NewGuid();

        await Assert.ThrowsAsync<TimeoutException>(() =>
            memory.GetAsync(id, () => Task.FromException<MarketSnapshot>(new TimeoutException()), Ct)
        );
        var second = await memory.GetAsync(id, () => Task.FromResult(Snapshot(id, "NYSE", 1)), Ct);

        Assert.Equal(id, second.Header.Id);
    }

    [Fact]
    public async Task GetAsync_NobodyWaitsToTheEnd_IsCountedAllTheSame()
    {
        SnapshotMemory memory = new(1_000_000);
        var id = Guid.NewGuid();
        TaskCompletionSource<MarketSnapshot> loading = new();
        using CancellationTokenSource gone = new();

        var waiting = memory.GetAsync(id, () => loading.Task, gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        loading.SetResult(Snapshot(id, "NYSE", 1));

        Assert.Equal((true, await SizeAsync()), (memory.Has(id), memory.Bytes));
    }

    private static async Task<long> SizeAsync()
    {
        SnapshotMemory memory = new(1_000_000);
        await PutAsync(memory, Snapshot(Guid.NewGuid(), "NYSE", 1));
        return memory.Bytes;
    }

    private static Task<MarketSnapshot> PutAsync(SnapshotMemory memory, MarketSnapshot snapshot) =>
        memory.GetAsync(snapshot.Header.Id, () => Task.FromResult(snapshot), Ct);

    private static MarketSnapshot Snapshot(Guid id, string market, int day) =>
        new(
            new(id, market, new(2026, 11, day), default, null, null),
            [new(Guid.NewGuid(), "A", "USD", 1, new decimal?[Metrics.Count], "A")],
            new Dictionary<(string, string), decimal>()
        );
}
