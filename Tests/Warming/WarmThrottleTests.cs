using Overnight.Core.Warming;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>Against a server whose latency rises with what is asked of it.</summary>
public sealed class WarmThrottleTests
{
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(0.3),
        Slow = TimeSpan.FromMilliseconds(20);

    private readonly TestClock _time = new();

    [Fact]
    public void Observe_ReadersSlowDownOnce_HalvesInOneStepAndRecovers()
    {
        var throttle = Grown();
        throttle.Observe(LatencySource.Readers, Slow);
        Assert.Equal(WarmThrottle.Most / 2, throttle.Budget);
        for (var i = 0; i < 4; i++)
            throttle.Observe(LatencySource.Probe, Fast);
        Assert.Equal(WarmThrottle.Most, throttle.Budget);
    }

    [Fact]
    public void Observe_AlwaysSlow_KeepsTheLeast()
    {
        var throttle = Grown();
        for (var i = 0; i < 20; i++)
            throttle.Observe(LatencySource.Readers, Slow * (i + 1));
        Assert.Equal(WarmThrottle.Least, throttle.Budget);
    }

    /// <summary>A server that was moved is not held to its best for ever.</summary>
    [Fact]
    public void Observe_SlowForGood_IsTheNewBestAtLast()
    {
        var throttle = Grown();
        for (var i = 0; i < 300; i++)
            throttle.Observe(LatencySource.Probe, TimeSpan.FromMilliseconds(3));
        Assert.Equal(WarmThrottle.Most, throttle.Budget);
    }

    [Fact]
    public void Observe_UnderAMillisecond_IsNeverSlow()
    {
        WarmThrottle throttle = new(_time);
        throttle.Observe(LatencySource.Probe, TimeSpan.FromMilliseconds(0.02));
        for (var i = 0; i < 30; i++)
            throttle.Observe(LatencySource.Probe, TimeSpan.FromMilliseconds(0.99));
        Assert.Equal(WarmThrottle.Most, throttle.Budget);
    }

    [Fact]
    public void Reserve_ForAMinute_LetsThroughWhatTheBudgetHas()
    {
        WarmThrottle throttle = new(_time);
        var (begin, sent, budget) = (_time.GetUtcNow(), 0, throttle.Budget);
        while (_time.GetUtcNow() - begin < TimeSpan.FromMinutes(1))
        {
            _time.Advance(throttle.Reserve(500));
            sent += 500;
        }
        Assert.InRange(sent, 60 * budget, 60 * budget + 1_000);

        // What was not used is not saved up.
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, throttle.Reserve(500));
        Assert.Equal(500 / budget, throttle.Reserve(500).TotalSeconds, 1e-6);
    }

    /// <summary>A server does 100,000 commands a second, and readers want some of them: their latency is that of a queue.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(20_000)]
    [InlineData(60_000)]
    public void Warm_BesideReaders_TakesWhatTheyLeave(double readers)
    {
        const double capacity = 100_000;
        WarmThrottle throttle = new(_time);
        var warmed = 0.0;
        for (var second = 0; second < 60; second++)
        {
            // Probes see the readers' load alone, for nothing of the warm is on the way when they ask.
            for (var probe = 0; probe < 20; probe++)
                throttle.Observe(LatencySource.Probe, Latency(readers));
            var sent = Math.Min(throttle.Budget, capacity - readers);
            warmed += sent;
            if (readers == 0)
                continue;
            var seen = Latency(Math.Min(0.99 * capacity, readers + throttle.Budget));
            throttle.Observe(LatencySource.Readers, seen);
        }
        // Never starved by its own load, and alone it has the server for itself.
        Assert.True(warmed / 60 > (readers == 0 ? 0.9 : 0.2) * (capacity - readers), $"{warmed / 60:F0} a second");

        static TimeSpan Latency(double load) => TimeSpan.FromSeconds(0.0001 / (1 - load / capacity));
    }

    private WarmThrottle Grown()
    {
        WarmThrottle throttle = new(_time);
        throttle.Observe(LatencySource.Readers, Fast);
        for (var i = 0; i < 20; i++)
            throttle.Observe(LatencySource.Probe, Fast);
        return throttle;
    }
}
