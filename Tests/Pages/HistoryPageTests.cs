using System.Net;
using AngleSharp.Dom;
using Overnight.Tests.Audit;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P4, C6: the own results of the past, each with its events, as page, text and CSV.</summary>
public sealed class HistoryPageTests(ApiFixture fixture, TestServers servers) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private PageStateData Data => new(_app.Database, _app.Cache, TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task P4_History_ListsTheOwnNightsWithWhatTheyCameTo()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var bought = await Data.AddNightAsync(user, new(2026, 11, 20), PageEntries.Entry(user), revision: 2);
        await Data.AddNightAsync(user, new(2026, 11, 19), PageEntries.Entry(user, [], [], unallocated: 2_500), market: "XETRA");
        await Data.AddNightAsync(user, new(2026, 11, 18), null, "missing_exchange_rate");
        await Data.AddNightAsync(user, new(2026, 11, 17), TestResults.OfAnotherShape(TestResults.Entry(user)));
        var (stranger, _) = await _app.Database.SignInAsync();
        await Data.AddNightAsync(stranger, new(2026, 11, 20), PageEntries.Entry(stranger));

        var page = await browser.PageAsync("/history");

        Assert.Equal(
            [
                "2026-11-20 NYSE, revision 2 | BND, VNQ, NESN and 2 more | 2,500.00 EUR | 68,412.37 EUR",
                "2026-11-19 XETRA | Nothing to buy |  | 68,412.37 EUR",
                "2026-11-18 NYSE | Not computed: missing exchange rate |  |",
                "2026-11-17 NYSE | AAA | 1,000.00 USD | 52,000.10 USD",
            ],
            page.QuerySelectorAll(".nights tbody tr").Select(row => string.Join(" | ", row.Children.Take(4).Select(Spaced)).Trim())
        );
        Assert.Equal($"/history/{bought}", page.QuerySelector(".nights tbody a")!.GetAttribute("href"));
        Assert.Equal("/history", page.QuerySelector("nav a[aria-current]")!.GetAttribute("href"));
        Assert.Empty(page.QuerySelectorAll(".actions a"));
    }

    [Fact]
    public async Task P4_History_HasTwentyToAPageAndKeepsTheFilter()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        for (var day = 1; day <= 22; day++)
            await Data.AddNightAsync(user, new(2026, 5, day), null, "no_criteria", market: day == 3 ? "LSE" : "NYSE");

        var first = await browser.PageAsync("/history?market=NYSE&from=&until=2026-05-31");
        var older = first.QuerySelector(".actions a[rel=next]")!.GetAttribute("href")!;
        var second = await browser.PageAsync(older);

        Assert.Equal((20, 1), (Rows(first).Count, Rows(second).Count));
        Assert.StartsWith("2026-05-01", Spaced(Rows(second)[0]), StringComparison.Ordinal);
        Assert.StartsWith("/history?market=NYSE&until=2026-05-31&cursor=", older, StringComparison.Ordinal);
        Assert.Equal(
            ["/history?market=NYSE&until=2026-05-31"],
            second.QuerySelectorAll(".actions a").Select(link => link.GetAttribute("href"))
        );
        Assert.Equal(
            ("NYSE", "2026-05-31"),
            (second.QuerySelector("#market option[selected]")?.GetAttribute("value"), second.QuerySelector("#until")!.GetAttribute("value"))
        );
        Assert.Equal(["2026-05-03 LSE"], Rows(await browser.PageAsync("/history?market=LSE")).Select(row => Spaced(row.Children[0])));
        Assert.Equal(2, Rows(await browser.PageAsync("/history?from=2026-05-07&until=2026-05-08")).Count);
        Assert.Equal("No night here", (await browser.PageAsync("/history?from=2026-06-01")).Words("h2"));

        static IReadOnlyList<IElement> Rows(IDocument page) => [.. page.QuerySelectorAll(".nights tbody tr")];
    }

    [Fact]
    public async Task P4_History_OfNobodyYet_SaysWhatComes()
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        Assert.Equal("No night yet", (await browser.PageAsync("/history")).Words("h2"));
    }

    [Theory]
    [InlineData("market=MOON", "market", "Market must be one of")]
    [InlineData("from=20.11.2026", "from", "From must be a day of the calendar as yyyy-MM-dd, not '20.11.2026'.")]
    [InlineData("until=2026-02-30", "until", "Until must be a day of the calendar as yyyy-MM-dd, not '2026-02-30'.")]
    [InlineData("from=2026-11-20&until=2026-11-01", "from", "From must not be after until: 2026-11-20 is after 2026-11-01.")]
    public async Task History_OfAFilterThatCanNotBe_SaysSoAtItsField(string query, string field, string error)
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        var page = await browser.PageAsync($"/history?{query}", HttpStatusCode.BadRequest);

        Assert.StartsWith(error, page.Words(".field-error"), StringComparison.Ordinal);
        Assert.Equal($"{field}-error", page.QuerySelector($"#{field}")!.GetAttribute("aria-describedby"));
        // A browser warns of a date field with any other text, and shows none.
        if (field != "market" && query.Split('&')[0].Split('=')[1] is var given)
            Assert.Equal(
                DateOnly.TryParseExact(given, "yyyy-MM-dd", out _) ? given : null,
                page.QuerySelector($"#{field}")!.GetAttribute("value")
            );
    }

    [Theory]
    [InlineData("/history?cursor=x", "cursor")]
    [InlineData("/history?page=2", "page")]
    [InlineData("/history/v1", "run")]
    [InlineData("/history/v1.csv", "run")]
    [InlineData("/history/v1.txt", "run")]
    public async Task History_OfAQuestionThatCanNotBe_Is400(string path, string field)
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        Assert.Contains(field, (await browser.PageAsync(path, HttpStatusCode.BadRequest)).Words("p.wrong"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task C5_ResultOfAnother_Is404LikeNoneAsPageTextAndCsv()
    {
        var (stranger, _) = await _app.Database.SignInAsync();
        var run = await Data.AddNightAsync(stranger, new(2026, 11, 20), PageEntries.Entry(stranger));
        foreach (var role in (string[])["user", "admin"])
        {
            var (browser, _) = await _app.BrowseAsync(role: role);
            using var own = browser;
            HashSet<string> said = [];
            foreach (var id in (Guid[])[run, Guid.CreateVersion7()])
            {
                foreach (var end in (string[])["", ".txt", ".csv"])
                {
                    var page = await browser.PageAsync($"/history/{id}{end}", HttpStatusCode.NotFound);
                    said.Add(page.Words("main"));
                }
            }
            Assert.Single(said);
        }
        // Opening a page of one's own night is no read of another's.
        Assert.Equal(0, await _app.Database.ScalarAsync<long>("select count(*) from result_reads where user_id = $1", stranger));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task P4_Result_OfEachWriterVersion_IsShownAsTheDashboardShowedIt(int version)
    {
        var (browser, user) = await _app.BrowseAsync(user => Golden(user, version));
        using var own = browser;
        browser.Languages = "de-DE";
        var run = await Data.AddNightAsync(user, new(2026, 11, 20), Golden(user, version), revision: 2);

        var (past, now) = (await browser.PageAsync($"/history/{run}"), await browser.PageAsync("/dashboard"));

        Assert.Equal("Night of NYSE, 20.11.2026, revision 2", past.Words(".eyebrow"));
        foreach (var part in (string[])["h1", ".lead", "table.cards", "figure.alloc", ".facts"])
            Assert.Equal(now.QuerySelector(part)!.TextContent, past.QuerySelector(part)!.TextContent);
        using var csv = await browser.GetAsync($"/history/{run}.csv");
        using var dashboards = await browser.GetAsync("/dashboard.csv");
        Assert.Equal(await dashboards.Content.ReadAsByteArrayAsync(Ct), await csv.Content.ReadAsByteArrayAsync(Ct));
        using var text = await browser.GetAsync($"/history/{run}.txt");
        Assert.Contains(now.Words("h1"), await text.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);

        static byte[] Golden(Guid user, int version) =>
            TestResults.OfUser(StoredFormInput.Golden($"recommendations-{version}.json"), StoredFormInput.UserId, user);
    }

    [Fact]
    public async Task P4_Result_OfANight_HasItsAuditEventsInFull()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var run = await night.RunAsync(Ct);
        await using ApiApp app = new(night.DatabaseConnection, night.CacheConnection);
        var user = await night.ScalarAsync<Guid>("select user_id from current_results order by user_id limit 1", Ct);
        using TestBrowser browser = new(app);
        browser.SignIn(await app.Database.AddSessionAsync(user));

        var page = await browser.PageAsync($"/history/{run.Id}");

        Assert.Equal(
            ["Started", "Inputs captured", "Scores computed", "Completed"],
            page.QuerySelectorAll(".events li > p > b").Select(title => title.TextContent)
        );
        var holdings = await night.ScalarAsync<long>("select count(*) from holdings where user_id = $1 and not ignored", Ct, user);
        Assert.Equal(holdings, page.QuerySelectorAll(".events details")[0].QuerySelectorAll("tbody tr").Length);
        Assert.Equal(holdings, page.QuerySelectorAll(".events details")[^1].QuerySelectorAll("tbody tr").Length);
        Assert.Contains("version", Spaced(page.QuerySelector(".facts.small")!), StringComparison.Ordinal);
        Assert.NotEmpty(page.QuerySelectorAll("table.cards tbody tr"));
    }

    [Fact]
    public async Task Result_OfAFailedNight_SaysWhereItFailed()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var run = await Data.AddNightAsync(user, new(2026, 11, 20), null, "missing_exchange_rate");

        var page = await browser.PageAsync($"/history/{run}");

        Assert.Equal("This night could not compute your portfolio", page.Words("h1"));
        Assert.StartsWith("It failed at the step “score”: missing exchange rate.", page.Words(".lead"), StringComparison.Ordinal);
        Assert.Equal(["Started", "Failed"], page.QuerySelectorAll(".events li > p > b").Select(title => title.TextContent));
        Assert.Empty(page.QuerySelectorAll("table.cards"));
        await browser.PageAsync($"/history/{run}.csv", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Result_WithDamagedEvents_IsShownWithoutThem()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var run = await Data.AddNightAsync(user, new(2026, 11, 20), PageEntries.Entry(user));
        await _app.Database.ExecuteAsync(
            "update calculation_events set payload = '\\xff' where run_id = $1 and user_id = $2 and type = 1",
            run,
            user
        );

        var page = await browser.PageAsync($"/history/{run}");

        Assert.StartsWith("The stored events can't be read.", page.Words(".card.wrong"), StringComparison.Ordinal);
        Assert.Equal("2,500.00 EUR into 5 holdings", page.Words("h1"));
        Assert.Empty(page.QuerySelectorAll(".events"));
        Assert.Equal(1, (await browser.PageAsync("/history")).QuerySelectorAll(".nights tbody tr").Length);
    }

    /// <summary>SPEC D2: events are kept for a shorter time than results.</summary>
    [Fact]
    public async Task Result_WithoutItsEvents_IsShownAndSaysSo()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var run = await Data.AddNightAsync(user, new(2026, 11, 20), PageEntries.Entry(user));
        await _app.Database.ExecuteAsync("delete from calculation_events where run_id = $1 and user_id = $2", run, user);

        var page = await browser.PageAsync($"/history/{run}");

        Assert.Contains("audit events of this night are not stored any more", page.Words(".card.wrong"), StringComparison.Ordinal);
        Assert.Equal("2,500.00 EUR into 5 holdings", page.Words("h1"));
    }

    /// <summary>The same filter for programs.</summary>
    [Theory]
    [InlineData("?market=XETRA", 1)]
    [InlineData("?market=NYSE", 2)]
    [InlineData("", 3)]
    public async Task C6_OwnHistory_OfOneMarket_IsThatMarkets(string query, int count)
    {
        var (user, token) = await _app.Database.SignInAsync();
        foreach (var (day, market) in ((int, string)[])[(18, "NYSE"), (19, "XETRA"), (20, "NYSE")])
            await Data.AddNightAsync(user, new(2026, 11, day), null, "no_criteria", market: market);

        using var answer = await _app.GetAsync($"/api/calculations{query}", token, Ct);
        using var unknown = await _app.GetAsync("/api/calculations?market=MOON", token, Ct);

        using var list = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
        Assert.Equal(count, list.RootElement.GetProperty("items").GetArrayLength());
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    /// <summary>The texts in an element with a space between them.</summary>
    private static string Spaced(IElement element) =>
        string.Join(
            ' ',
            element.Descendants<IText>().SelectMany(text => text.Data.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        );
}
