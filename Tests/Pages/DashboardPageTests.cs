using System.Net;
using AngleSharp.Dom;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P2: the dashboard's page, in each of its states.</summary>
public sealed class DashboardPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P2_Page_SaysWhatToBuyWhyAndHowFarToTrustIt()
    {
        await using var app = At("2026-11-20T13:00Z");
        var (browser, _) = await app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("2,500.00 EUR into 5 holdings", page.Words("h1"));
        Assert.Equal(
            "Most goes to Bonds (44.8 %), a class 9.4 points below the middle of its target. BND comes first, with a score of 62.",
            page.Words(".lead")
        );
        Assert.Equal("Fresh. It prepares the open of NYSE on 2026-11-20, and no later night is past its deadline.", page.Words(".trust p"));
        Assert.Contains(
            "Computed 2026-11-20, 12:31 UTC, from prices of 2026-11-19, 21:00 UTC and exchange rates of 2026-11-19, 15:00 UTC. From",
            page.Words(".trust p + p"),
            StringComparison.Ordinal
        );
        Assert.EndsWith("The next night of NYSE begins 2026-11-23, 12:30 UTC.", page.Words(".trust p + p"), StringComparison.Ordinal);
        Assert.Equal(
            ["BND 1,120.40 44.8 %", "VNQ 640.00 25.6 %", "NESN 389.60 15.6 %", "ASML 250.00 10.0 %", "IAU 100.00 4.0 %"],
            page.QuerySelectorAll("table.cards tbody tr")
                .Select(row => $"{row.Words("th b")} {row.Words("td.amount")} {row.Words("td.bar-cell")}")
        );
        Assert.Equal("Total Bond Market", page.QuerySelector("table.cards tbody th")!.ChildNodes[1].TextContent.Trim());
        Assert.Equal("Sum 2,500.00 Nothing is left over.", Spaced(page, "tfoot tr"));
        Assert.Equal("2 holdings get nothing this time", page.Words(".more summary"));
        Assert.Equal("Left out: XYZ (no price).", page.Words(".notes"));
        Assert.Equal("Portfolio 68,412.37 EUR Holdings 8 Criteria version 7 Night NYSE, 2026-11-20", Spaced(page, ".facts div"));
    }

    [Fact]
    public async Task P2_Allocation_IsAPictureWithATextAndATable()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        var picture = page.QuerySelector("figure.alloc > svg")!;
        Assert.Equal(("img", "alloc-title alloc-text"), (picture.GetAttribute("role"), picture.GetAttribute("aria-labelledby")));
        Assert.StartsWith(
            "US shares: 52.1 % now, 50.3 % after buying, target 35.0 to 45.0 %. European shares: 22.2 % now,",
            page.Words("#alloc-text"),
            StringComparison.Ordinal
        );
        // The axis ends at 60 percent.
        Assert.Equal(
            ("58.33%", "16.67%", "86.83%", "83.83%"),
            (Of("rect.band", "x"), Of("rect.band", "width"), Of("circle.now", "cx"), Of("circle.after", "cx"))
        );
        Assert.Equal((5, 5, 5), (Count("rect.band"), Count("circle.now"), Count("circle.after")));
        Assert.Equal(
            "US shares 52.1 % 50.3 % 35.0 to 45.0 %",
            string.Join(' ', page.QuerySelectorAll("details.more tbody")[^1].QuerySelector("tr")!.Children.Select(cell => cell.TextContent))
                .Replace('\u00A0', ' ')
        );

        string? Of(string element, string attribute) => picture.QuerySelector(element)!.GetAttribute(attribute);
        int Count(string element) => picture.QuerySelectorAll(element).Length;
    }

    /// <summary>An entry of a writer that knew no names, ranks, ranges and shares after buying.</summary>
    [Fact]
    public async Task Page_OfAnOlderEntry_ShowsWhatIsThereAndSaysWhatIsMissing()
    {
        var (browser, _) = await _app.BrowseAsync(user => TestResults.Entry(user));
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal("1,000.00 USD into 1 holding", page.Words("h1"));
        Assert.Equal(
            "AAA comes first: its class is 3.3 points below the middle of its target, and its score is 12.50.",
            page.Words(".lead")
        );
        Assert.Equal("AAA", page.Words("table.cards tbody th"));
        Assert.Equal("Shares: 61.2 %. Bonds, \"long\": 38.8 %.", page.Words("#alloc-text"));
        Assert.Equal(
            (0, 2),
            (page.QuerySelectorAll("rect.band, circle.after").Length, page.QuerySelectorAll("figure.alloc > svg circle.now").Length)
        );
        Assert.Contains("The next night adds them.", page.Words("figure .notes"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-11-22T20:00Z", "", "2026-11-19T21:00:00Z", "fresh", "Fresh. It prepares the open of NYSE on 2026-11-20,")]
    [InlineData(
        "2026-11-20T13:00Z",
        ",\"pricesStale\":true,\"ratesStale\":false,\"staleSince\":\"2026-11-18T00:00:00Z\"",
        "2026-11-19T21:00:00Z",
        "provisional",
        "Provisional. A provider failed, so stored prices are used, the oldest of 2026-11-18. Amounts may change"
    )]
    [InlineData(
        "2026-11-23T15:00Z",
        "",
        "2026-11-19T21:00:00Z",
        "delayed",
        "Delayed. The night of NYSE for 2026-11-23 is past its deadline and has not replaced it. These are the amounts of the night before."
    )]
    [InlineData(
        "2026-11-24T15:00Z",
        "",
        "2026-11-19T21:00:00Z",
        "stale",
        "Stale. The nights of NYSE for 2026-11-23 and 2026-11-24 are past their deadlines and have not replaced it. Check prices"
    )]
    [InlineData(
        "2026-11-20T13:00Z",
        "",
        "2026-11-12T21:00:00Z",
        "stale",
        "Stale. Its prices are older than the close of NYSE on 2026-11-19,"
    )]
    public async Task C3_Page_OfEachFreshness_SaysItInWordIconAndColour(
        string now,
        string marks,
        string pricesAsOf,
        string state,
        string said
    )
    {
        await using var app = At(now);
        var (browser, _) = await app.BrowseAsync(user => PageEntries.Entry(user, marks: marks, pricesAsOf: pricesAsOf));
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.StartsWith(said, page.Words(".trust p"), StringComparison.Ordinal);
        Assert.Equal(1, page.QuerySelectorAll($".trust.is-{state} p:first-child svg path").Length);
    }

    [Fact]
    public async Task P6_Page_FromTheCache_TakesNoStatementAndIsSmall()
    {
        var (user, token) = await _app.Database.SignInAsync();
        await _app.Cache.StringSetAsync(CacheKeys.Recommendations(user), PageEntries.Large(user));
        (await _app.GetAsync("/api/dashboard", token, Ct)).Dispose(); // caches the session
        await using var node = fixture.Another();
        using TestBrowser browser = new(node);
        // Each node reads two keys once: that of cached sessions, and that of forms.
        await node.Get<Core.Sessions.SessionSigningKeys>().GetAsync(Ct);
        await browser.PageAsync("/");
        browser.SignIn(token);
        var before = node.Queries.Count("");

        using var first = await browser.GetAsync("/dashboard");
        using var second = await browser.GetAsync("/dashboard");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        Assert.Equal(before, node.Queries.Count(""));
        Assert.InRange((await first.Content.ReadAsByteArrayAsync(Ct)).Length, 10_000, 60_000);
        Assert.Equal(50, (await TestBrowser.PageAsync(second)).QuerySelectorAll("table.cards tbody tr").Length);
    }

    [Fact]
    public async Task Page_OfMoreHoldingsThanItShows_SaysWhereTheOthersAre()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(user, [.. Enumerable.Range(0, 500).Select(at => new TestHolding($"S{at}", "A name", "Bonds", 5, 5, 5))])
        );
        using var own = browser;

        using var answer = await browser.GetAsync("/dashboard");
        var page = await TestBrowser.PageAsync(answer);

        Assert.InRange((await answer.Content.ReadAsByteArrayAsync(Ct)).Length, 10_000, 60_000);
        Assert.Equal(60, page.QuerySelectorAll("table.cards tbody tr").Length);
        Assert.StartsWith("440 more, 2,200.00 EUR together: the CSV has all of them.", page.Words(".notes"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Page_OfTextsThatAreMarkup_ShowsThemAsTexts()
    {
        const string evil = "<script>alert(1)</script>\"'&";
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(user, [new(evil, evil, evil, 1, 2_500, 1)], [new(evil, 10, 20, 30, 12)])
        );
        using var own = browser;

        var page = await browser.PageAsync("/dashboard");

        Assert.Equal(evil, page.QuerySelector("table.cards tbody th b")!.TextContent);
        Assert.Equal(evil, page.QuerySelector("details.more tbody th")!.TextContent);
        Assert.StartsWith("<script>alert(1)", page.QuerySelector("figure.alloc > svg text")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(1, page.Scripts.Length);
    }

    [Fact]
    public async Task C5_Page_IsOfTheSessionsUserAlone()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        var (other, stranger) = await _app.BrowseAsync(user => TestResults.Entry(user, "4.0000"));
        using var second = other;

        Assert.Equal("2,500.00 EUR into 5 holdings", (await browser.PageAsync("/dashboard")).Words("h1"));
        await browser.PageAsync($"/dashboard?user={stranger}", HttpStatusCode.BadRequest);
        Assert.Equal("4.00 USD into 1 holding", (await other.PageAsync("/dashboard")).Words("h1"));
    }

    private ApiApp At(string now) =>
        new(fixture.DatabaseConnection, fixture.CacheConnection, new TestClock(Scheduling.TestMarkets.Utc(now)));

    private static string Spaced(IDocument page, string selector) =>
        string.Join(
            ' ',
            page.QuerySelectorAll(selector).SelectMany(part => part.Children.Select(child => child.TextContent.Replace('\u00A0', ' ')))
        );
}
