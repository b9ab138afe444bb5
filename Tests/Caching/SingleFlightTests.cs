using Overnight.Core.Caching;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Caching;

public sealed class SingleFlightTests
{
    private readonly TestClock _time = new();
    private int _loads;

    [Fact]
    public async Task Run_ManyAtOnce_LoadOnce()
    {
        SingleFlight<string, int> flights = new(TimeSpan.Zero, _time);
        TaskCompletionSource<int> source = new();
        var callers = Enumerable.Range(0, 1000).Select(_ => Run(flights, source.Task)).ToArray();
        source.SetResult(7);
        Assert.All(await Task.WhenAll(callers), value => Assert.Equal(7, value));
        Assert.Equal(1, _loads);
        await Eventually.TrueAsync(() => flights.Count == 0, "nothing is kept");
    }

    [Fact]
    public async Task Run_OneCallerCancels_OthersGetTheirValue()
    {
        SingleFlight<string, int> flights = new(TimeSpan.Zero, _time);
        TaskCompletionSource<int> source = new();
        using CancellationTokenSource first = new();
        var cancelled = Run(flights, source.Task, first.Token);
        var other = Run(flights, source.Task);
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        source.SetResult(7);
        Assert.Equal(7, await other);
        Assert.Equal(1, _loads);
    }

    [Fact]
    public async Task Run_LoadFails_FailsForAllAndTheNextStartsAnew()
    {
        SingleFlight<string, int> flights = new(TimeSpan.FromMinutes(1), _time);
        TaskCompletionSource<int> source = new();
        var (first, second) = (Run(flights, source.Task), Run(flights, source.Task));
        source.SetException(new InvalidOperationException("no"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        Assert.Equal(7, await Run(flights, Task.FromResult(7)));
        Assert.Equal(2, _loads);
    }

    [Fact]
    public async Task Run_WithinTheSharedTime_GetsTheFinishedLoad()
    {
        SingleFlight<string, int> flights = new(TimeSpan.FromSeconds(1), _time);
        Assert.Equal(1, await Run(flights, Task.FromResult(1)));
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(1, await Run(flights, Task.FromResult(2)));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, await Run(flights, Task.FromResult(3)));
        Assert.Equal(2, _loads);

        flights.Forget("key");
        Assert.Equal(4, await Run(flights, Task.FromResult(4)));
        _time.Advance(TimeSpan.FromSeconds(1));
        flights.Prune();
        Assert.Equal(0, flights.Count);
    }

    private Task<int> Run(SingleFlight<string, int> flights, Task<int> source, CancellationToken ct = default) =>
        flights.RunAsync(
            "key",
            source,
            (_, load) =>
            {
                Interlocked.Increment(ref _loads);
                return load;
            },
            ct
        );
}
