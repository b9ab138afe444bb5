using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P2: the dashboard's page where there is nothing to buy, or no result to show.</summary>
public sealed class DashboardPageStateTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task Page_WhereEveryClassIsOver_SaysThatNothingIsBought()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(
                user,
                [new("AAPL", "Apple", "US shares", 40, 0, -12), new("BND", "Bonds", "Bonds", 40, 0, -8)],
                [new("US shares", 60, 35, 45, 60), new("Bonds", 40, 20, 30, 40)],
                unallocated: 2_500
            )
        );
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("2,500.00 EUR and nothing to buy", page.Words("h1"));
        Assert.Equal("Every class is above its target range, so the whole contribution stays unallocated.", page.Words(".lead"));
        Assert.Equal(("Your holdings, in order", 2), (page.Words("#buy"), page.QuerySelectorAll("table.cards tbody tr").Length));
        Assert.Empty(page.QuerySelectorAll("td.amount"));
    }

    /// <summary>All of no classes are above their range, which must not be said.</summary>
    [Fact]
    public async Task Page_WhereNoHoldingHasAClass_DoesNotSayThatClassesAreOver()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(
                user,
                [new("AAPL", "Apple", "unclassified", 40, 0, -100)],
                [new("unclassified", 100, 0, 0, 100)],
                unallocated: 2_500
            )
        );
        using var own = browser;

        Assert.Equal(
            "No holding is in a class with a target, so the whole contribution stays unallocated.",
            (await browser.PageAsync("/dashboard")).Words(".lead")
        );
    }

    /// <summary>BND has a priority, and its share is too small to buy; VNQ, which has none, takes the whole contribution.</summary>
    [Theory]
    [InlineData(
        9.4,
        "By priority each share is below the smallest amount worth buying in its class, so they are put together and go to VNQ."
    )]
    [InlineData(
        0.001,
        "No priority is above 0, which takes a class below the middle of its target and a positive score, so the contribution is shared"
    )]
    [InlineData(
        -9.4,
        "No priority is above 0, which takes a class below the middle of its target and a positive score, so the contribution is shared"
    )]
    public async Task Page_WhereTheFirstThatIsBoughtHasNoPriority_SaysWhy(double gap, string lead)
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(
                user,
                [new("BND", "Bonds", "Bonds", 1, 0, (decimal)gap), new("VNQ", "Real Estate", "Real estate", 48, 100, -0.5m)],
                [new("Bonds", 10, 18, 22, 10), new("Real estate", 14, 11, 15, 15)],
                contribution: 100
            )
        );
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("100.00 EUR into 1 holding", page.Words("h1"));
        Assert.StartsWith(lead, page.Words(".lead"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_WithoutAContribution_ShowsTheOrder()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(user, [.. PageEntries.Holdings.Select(item => item with { Amount = 0 })], contribution: 0)
        );
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("No contribution is planned", page.Words("h1"));
        Assert.Contains("the order in which you would buy", page.Words(".lead"), StringComparison.Ordinal);
        Assert.Equal(7, page.QuerySelectorAll("table.cards tbody tr").Length);
    }

    [Fact]
    public async Task Page_WhereNothingIsRanked_SaysSo()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user, [], [], unallocated: 2_500));
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("2,500.00 EUR and nothing could be ranked", page.Words("h1"));
        Assert.Empty(page.QuerySelectorAll("table.cards"));
        Assert.Equal("Left out: XYZ (no price).", page.Words(".notes"));
    }

    [Theory]
    [InlineData("never_computed", "Not computed yet", "Your first night is still to come")]
    [InlineData("portfolio_empty", "Empty", "Nothing to value yet")]
    [InlineData("failed", "Failed", "The last night could not compute this portfolio")]
    [InlineData("unreadable", "Not readable", "The last result can't be shown")]
    public async Task Page_WithoutAResult_SaysWhyAndWhatComesNext(string reason, string sign, string heading)
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        if (reason is "never_computed" or "failed")
            await _app.Database.AddHoldingAsync(user);
        if (reason is "failed")
            await _app.Database.AddFailureAsync(user);
        if (reason is "unreadable")
            await _app.Database.AddResultAsync(user, TestResults.OfAnotherShape(TestResults.Entry(user)));

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal((heading, sign), (page.Words("h1"), page.Words(".alone .state")));
        Assert.DoesNotContain("_", page.Words("main"), StringComparison.Ordinal);
        Assert.EndsWith(".", page.QuerySelector(".alone p:nth-of-type(2)")!.TextContent, StringComparison.Ordinal);
        Assert.Matches(@"^The next night of NYSE begins \S+, \S+ UTC, and", page.Words(".alone .quiet"));
        Assert.NotNull(page.QuerySelector("main a[href='/dashboard']"));
    }

    /// <summary>A checksum is right, and the shape is not one that this build reads.</summary>
    [Fact]
    public async Task Page_OfAnEntryWithOtherTypes_SaysThatItCanNotBeShown()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            TestResults.Close($$$"""{"userId":"{{{user:D}}}","generatedAt":1,"recommendations":[{"score":{}}]""")
        );
        using var own = browser;

        Assert.NotEmpty((await browser.PageAsync("/dashboard")).Words("h1"));
    }
}
