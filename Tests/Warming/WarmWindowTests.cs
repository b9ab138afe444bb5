using Overnight.Core.Warming;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

public sealed class WarmWindowTests
{
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(2),
        Slow = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Observe_ServerAsFastAsEver_GrowsToTheMost()
    {
        WarmWindow window = new(16, 1_024);
        for (var i = 0; i < 20; i++)
            window.Observe(TimeSpan.FromMilliseconds(0.3));
        Assert.Equal(1_024, window.Size);
    }

    [Fact]
    public void Observe_OthersHaveToWaitOnce_ShrinksAndGrowsAgain()
    {
        var window = Grown();
        window.Observe(Slow);
        Assert.Equal((512, false), (window.Size, window.OthersWait));
        for (var i = 0; i < 10; i++)
            window.Observe(Fast);
        Assert.Equal(1_024, window.Size);
    }

    [Fact]
    public void Observe_OthersHaveToWaitAgainAndAgain_HoldsUntilTheyDoNotForLong()
    {
        var window = Busy();
        Assert.Equal((16, true), (window.Size, window.OthersWait));
        for (var i = 0; i < 499; i++)
            window.Observe(Fast);
        Assert.True(window.OthersWait);
        window.Observe(Fast);
        Assert.Equal((1_024, false), (window.Size, window.OthersWait));
    }

    [Fact]
    public void Pace_OfALongWarm_RestsTwiceAsLongAsItWorkedWhileOthersWait()
    {
        TestClock time = new();
        WarmPace pace = new(Busy(), WarmTrigger.Manual, time),
            calm = new(Grown(), WarmTrigger.Manual, time),
            urgent = new(Busy(), WarmTrigger.ColdStart, time);
        Assert.Equal(TimeSpan.Zero, pace.RestAfter(TimeSpan.FromMilliseconds(40)));

        time.Advance(WarmPace.Grace);

        Assert.Equal(
            [80, 250],
            ((double[])[40, 9_000]).Select(worked => pace.RestAfter(TimeSpan.FromMilliseconds(worked)).TotalMilliseconds)
        );
        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], [calm.RestAfter(TimeSpan.FromSeconds(9)), urgent.RestAfter(TimeSpan.FromSeconds(9))]);
    }

    [Fact]
    public void EntryTtl_NotFixed_IsFivePercentLessOrMore()
    {
        WarmDeclaration set = new("set", WarmPhase.Master, "a:{b}", TimeSpan.FromSeconds(100));
        Assert.Equal([95, 100, 105], ((double[])[0, 0.5, 1]).Select(chance => Math.Round(set.EntryTtl(chance).TotalSeconds, 3)));
        Assert.Equal(set.Ttl, (set with { IsTtlExact = true }).EntryTtl(0));
    }

    private static WarmWindow Grown()
    {
        WarmWindow window = new(16, 1_024);
        for (var i = 0; i < 20; i++)
            window.Observe(Fast);
        return window;
    }

    private static WarmWindow Busy()
    {
        var window = Grown();
        for (var i = 0; i < 20; i++)
            window.Observe(Slow);
        return window;
    }
}
