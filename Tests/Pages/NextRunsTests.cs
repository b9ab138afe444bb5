using Overnight.Api.Pages.Dashboard;
using Overnight.Tests.Scheduling;

namespace Overnight.Tests.Pages;

/// <summary>The next night, which is remembered.</summary>
public sealed class NextRunsTests
{
    [Fact]
    public void NextRun_Remembered_IsTheSameAsAnew()
    {
        var markets = TestMarkets.Catalog().OfUser("NYSE,XETRA");
        NextRuns remembered = new();
        HashSet<DateTimeOffset> seen = [];
        // Over a weekend and a holiday in quarters of an hour, and once back, as a clock that is set.
        var start = TestMarkets.Utc("2026-11-20T00:00Z");
        foreach (var at in Enumerable.Range(0, 7 * 96).Append(5))
        {
            var now = start.AddMinutes(15 * at);
            var night = remembered.Of(markets, now);
            Assert.Equal(new NextRuns().Of(markets, now), night);
            Assert.True(night!.Value.DueUtc > now);
            seen.Add(night.Value.DueUtc);
        }
        Assert.InRange(seen.Count, 9, 10);
    }
}
