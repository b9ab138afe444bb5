using Overnight.Core.Warming;

namespace Overnight.Tests.Warming;

public sealed class WarmWindowTests
{
    [Fact]
    public void Observe_ServerAsFastAsEver_GrowsToTheMost()
    {
        WarmWindow window = new(16, 1_024);
        for (var i = 0; i < 20; i++) window.Observe(TimeSpan.FromMilliseconds(0.3));
        Assert.Equal(1_024, window.Size);
    }

    [Fact]
    public void Observe_OthersHaveToWait_ShrinksToTheLeastAndGrowsAgainAfterwards()
    {
        WarmWindow window = new(16, 1_024);
        for (var i = 0; i < 20; i++) window.Observe(TimeSpan.FromMilliseconds(2));
        window.Observe(TimeSpan.FromMilliseconds(20));
        Assert.Equal(512, window.Size);
        Assert.Equal([TimeSpan.FromMilliseconds(40), TimeSpan.FromMilliseconds(250)], [window.RestAfter(TimeSpan.FromMilliseconds(40)), window.RestAfter(TimeSpan.FromSeconds(9))]);
        for (var i = 0; i < 20; i++) window.Observe(TimeSpan.FromMilliseconds(20));
        Assert.Equal(16, window.Size);
        for (var i = 0; i < 30; i++) window.Observe(TimeSpan.FromMilliseconds(2));
        Assert.Equal(1_024, window.Size);
        Assert.Equal(TimeSpan.Zero, window.RestAfter(TimeSpan.FromSeconds(9)));
    }

    [Fact]
    public void EntryTtl_NotFixed_IsFivePercentLessOrMore()
    {
        WarmDeclaration set = new("set", WarmPhase.Master, "a:{b}", TimeSpan.FromSeconds(100));
        Assert.Equal([95, 100, 105], ((double[])[0, 0.5, 1]).Select(chance => Math.Round(set.EntryTtl(chance).TotalSeconds, 3)));
        Assert.Equal(set.Ttl, (set with { IsTtlExact = true }).EntryTtl(0));
    }
}
