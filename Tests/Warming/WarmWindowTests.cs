using Overnight.Core.Warming;

namespace Overnight.Tests.Warming;

public sealed class WarmWindowTests
{
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(2), Slow = TimeSpan.FromMilliseconds(20);

    [Fact]
    public void Observe_ServerAsFastAsEver_GrowsToTheMost()
    {
        WarmWindow window = new(16, 1_024);
        for (var i = 0; i < 20; i++) window.Observe(TimeSpan.FromMilliseconds(0.3));
        Assert.Equal(1_024, window.Size);
    }

    [Fact]
    public void Observe_OthersHaveToWaitOnce_ShrinksAndGrowsAgainWithoutRest()
    {
        var window = Grown();
        window.Observe(Slow);
        Assert.Equal((512, false), (window.Size, window.GivesWay));
        Assert.Equal(TimeSpan.Zero, window.RestAfter(TimeSpan.FromSeconds(9)));
        for (var i = 0; i < 10; i++) window.Observe(Fast);
        Assert.Equal(1_024, window.Size);
    }

    [Fact]
    public void Observe_OthersHaveToWaitAgainAndAgain_GivesWayUntilTheyDoNotForLong()
    {
        var window = Grown();
        for (var i = 0; i < 20; i++) window.Observe(Slow);
        Assert.Equal((16, true), (window.Size, window.GivesWay));
        Assert.Equal([TimeSpan.FromMilliseconds(80), TimeSpan.FromMilliseconds(250)], [window.RestAfter(TimeSpan.FromMilliseconds(40)), window.RestAfter(TimeSpan.FromSeconds(9))]);
        for (var i = 0; i < 499; i++) window.Observe(Fast);
        Assert.Equal((16, true), (window.Size, window.GivesWay));
        window.Observe(Fast);
        Assert.Equal((21, false), (window.Size, window.GivesWay));
        Assert.Equal(TimeSpan.Zero, window.RestAfter(TimeSpan.FromSeconds(9)));
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
        for (var i = 0; i < 20; i++) window.Observe(Fast);
        return window;
    }
}
