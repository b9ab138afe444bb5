using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using AngleSharp.Dom;
using Overnight.Api.Explanations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pages;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC P3: why, what changed and what if, as pages for people.</summary>
public sealed class ExplanationPageTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P3_Dashboard_LeadsToWhyOfEachHoldingAndThatToItsProof()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);

        var dashboard = await browser.PageAsync("/dashboard");
        var link = dashboard.QuerySelector("table.cards tbody th a")!.GetAttribute("href")!;
        Assert.Matches("^/why/current/[0-9a-f-]{36}$", link);
        var all = await browser.PageAsync($"/why/{night.Run.Id}");
        Assert.Equal("How 1,500.00 " + Currency(all) + " were shared out", all.Words("h1"));
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        Assert.Equal(
            why["holdings"]!.AsArray().Select(h => h!["symbol"]!.GetValue<string>()),
            all.QuerySelectorAll("table.cards tbody th b").Select(b => b.TextContent)
        );

        var proofs = 0;
        foreach (var holding in all.QuerySelectorAll("table.cards tbody th a").Select(a => a.GetAttribute("href")!).Skip(1))
        {
            var page = await browser.PageAsync(holding);
            var symbol = page.Words("title").Split(' ')[1];
            foreach (var proof in page.QuerySelectorAll("ul.plain-list a").Select(a => a.GetAttribute("href")!))
            {
                var answer = await browser.PageAsync(proof);
                Assert.StartsWith($"{symbol} would be first.", answer.Words(".lead"), StringComparison.Ordinal);
                Assert.StartsWith("Asked: ", answer.Words(".head .quiet"), StringComparison.Ordinal);
                proofs++;
            }
        }
        // Each run has other portfolios, and few have many.
        Assert.True(proofs > 0, $"{proofs} proofs");
        Assert.Equal(0, await night.ReadsAsync());
    }

    [Fact]
    public async Task P3_Holding_ShowsCriteriaAndStepsThatAddUp()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        var first = why["holdings"]![0]!;

        var page = await browser.PageAsync($"/why/current/{first["assetId"]}");

        Assert.StartsWith($"{first["symbol"]} gets ", page.Words("h1"), StringComparison.Ordinal);
        Assert.Equal(5, page.QuerySelectorAll("table.cards tbody tr").Length);
        var steps = page.QuerySelectorAll("dl.sum dd").Select(dd => Amount(dd.TextContent)).ToList();
        Assert.Equal(steps[^1], steps.SkipLast(1).Sum());
        Assert.Equal(Number(first["amount"]), steps[^1]);
        Assert.Equal("It is the first to buy.", page.Words("[aria-labelledby=first] p"));
        // One night is no course yet.
        Assert.Null(page.QuerySelector("figure.course"));
    }

    [Fact]
    public async Task P3_HoldingWithAnEarlierNight_ShowsItsCourse()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var earlier = await night.RunBeforeAsync();
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        var first = why["holdings"]![0]!;
        var before = JsonNode.Parse(await night.StoredAsync(earlier.Id))!["recommendations"]!
            .AsArray()
            .Single(r => r!["assetId"]!.ToString() == first["assetId"]!.ToString())!;

        var page = await browser.PageAsync($"/why/{night.Run.Id}/{first["assetId"]}");

        Assert.Equal(2, page.QuerySelector("figure.course polyline")!.GetAttribute("points")!.Split(' ').Length);
        Assert.StartsWith("2 nights from ", page.Words("#course-text"), StringComparison.Ordinal);
        Assert.Equal(
            ((decimal[])[Number(first["amount"]), Number(before["amount"])]).Select(amount =>
                decimal.Round(amount, 2, MidpointRounding.AwayFromZero)
            ),
            page.QuerySelectorAll("details.more tbody td:nth-child(2)").Select(td => Amount(td.TextContent))
        );
    }

    [Fact]
    public async Task P3_WhatIf_AnswersOnThePageAndKeepsWhatWasEntered()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App) { Languages = "de-DE" };
        browser.SignIn(night.Token);
        var form = await browser.PageAsync("/what-if");
        var stored = await night.StoredRowsAsync();
        Assert.Equal("1500", form.QuerySelector("input[name=contribution]")!.GetAttribute("value"));

        var fields = Fields(form);
        using var unchanged = await browser.SendAsync(form, "/what-if", [.. fields]);
        using var more = await browser.SendAsync(
            form,
            "/what-if",
            [.. fields.Where(f => f.Name != "contribution"), ("contribution", "2000,5")]
        );
        using var wrong = await browser.SendAsync(
            form,
            "/what-if",
            [.. fields.Where(f => f.Name != "contribution"), ("contribution", "2.000")]
        );

        Assert.Equal("Nothing changes: that is the result as it is.", (await TestBrowser.PageAsync(unchanged)).Words(".lead"));
        var answered = await TestBrowser.PageAsync(more);
        Assert.StartsWith("2.000,50", answered.Words("h1"), StringComparison.Ordinal);
        Assert.StartsWith("Asked: A contribution of 2.000,50", answered.Words(".head .quiet"), StringComparison.Ordinal);
        Assert.Equal("2000,5", answered.QuerySelector("input[name=contribution]")!.GetAttribute("value"));
        var asked = await night.AskAsync("/api/what-if", """{"contribution":"2000.5"}""");
        var largest = asked["recommendations"]!.AsArray().MaxBy(r => Number(r!["amount"]))!;
        Assert.Contains(
            Number(largest["amount"]).ToString("#,##0.00##", CultureInfo.GetCultureInfo("de-DE")),
            answered.Words("table.cards tbody"),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal(
            "The contribution must be a number such as 1234,5, and is '2.000'.",
            (await TestBrowser.PageAsync(wrong)).Words("[role=alert] li")
        );
        Assert.Equal(stored, await night.StoredRowsAsync());
    }

    /// <summary>A number without what it is about would be passed over in silence.</summary>
    [Theory]
    [InlineData("value", "12", "The holding of the figure's value must be chosen for '12', and is none.")]
    [InlineData("points", "3", "The class of the percentage points up or down must be chosen for '3', and is none.")]
    [InlineData("amount", "-40", "The class of the value more or less must be chosen for '-40', and is none.")]
    public async Task P3_WhatIf_WithANumberOfNothing_AsksForIt(string field, string number, string error)
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);

        var page = await browser.PageAsync($"/what-if?{field}={number}", HttpStatusCode.BadRequest);

        Assert.Equal(error, page.Words("[role=alert] li"));
    }

    /// <summary>Anything in any field: a page with an answer or with sentences, and never a failure.</summary>
    [Fact]
    public async Task P3_WhatIf_WithAnyField_IsNeverAFailure()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);
        var form = await browser.PageAsync("/what-if");
        var fields = Fields(form);
        string[] values =
        [
            "",
            "x",
            "-1",
            "1e9",
            "101",
            "922337203685477.5807",
            "79228162514264337593543950335",
            "none",
            $"{night.User}",
            "pe_ratio",
            "\u0000",
        ];
        Random random = new(3);
        List<string> failed = [];
        for (var i = 0; i < 60; i++)
        {
            var changed = fields.ConvertAll(f => random.Next(6) == 0 ? (f.Name, values[random.Next(values.Length)]) : f);
            using var answer = await browser.SendAsync(form, "/what-if", [.. changed]);
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest))
                failed.Add($"{(int)answer.StatusCode} {string.Join('&', changed)}");
        }
        foreach (
            var query in (string[])
                ["?asset=x", "?cashClass=none&amount=-1e20", "?shiftClass=none&points=1", "?metric=luck", "?amount=1", "?run=x"]
        )
        {
            using var answer = await browser.GetAsync($"/what-if{query}");
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest))
                failed.Add($"{(int)answer.StatusCode} {query}");
        }
        Assert.Empty(failed);
    }

    [Fact]
    public async Task P3_Pages_OfOthersResults_AreNotThere()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        foreach (var role in (string[])["user", "admin"])
        {
            using TestBrowser browser = new(night.App);
            browser.SignIn((await night.App.Database.SignInAsync(role)).Token);
            foreach (
                var path in (string[])
                    [
                        $"/why/{night.Run.Id}",
                        $"/why/{night.Run.Id}/{why["holdings"]![0]!["assetId"]}",
                        $"/changes?after={night.Run.Id}",
                        $"/changes?before={night.Run.Id}&after={night.Run.Id}",
                        $"/what-if?run={night.Run.Id}",
                    ]
            )
                await browser.PageAsync(path, HttpStatusCode.NotFound);
            foreach (var path in (string[])["/why", "/why/current", "/changes", "/what-if"])
                Assert.Equal("There is no result to explain yet", (await browser.PageAsync(path)).Words("h1"));
        }
        Assert.Equal(0, await night.ReadsAsync());
    }

    /// <summary>The page does not wait for a slow search; a later one has what it found.</summary>
    [Fact]
    public async Task P3_HoldingWhoseSearchTakesLong_IsExplainedWithoutIt_AndWithItLater()
    {
        Dictionary<string, string> settings = new(StringComparer.Ordinal) { ["Explanations:PageWait"] = "00:00:00" };
        await using var night = await ExplanationNight.CreateAsync(servers, settings: settings);
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);
        var searches = night.App.Get<ExplanationSearches>();
        var taken = 0;
        while (await searches.Turns.WaitAsync(0, Ct))
            taken++;

        var path = $"/why/current/{why["holdings"]![2]!["assetId"]}";
        var without = await browser.PageAsync(path);
        var busy = await browser.PageAsync($"/why/current/{why["holdings"]![3]!["assetId"]}");
        searches.Turns.Release(taken);
        await Eventually.TrueAsync(() => searches.UnderWay == 0, "the search goes on and ends");
        var with = await browser.PageAsync(path);

        Assert.StartsWith("The search for it takes longer than this page waits", Note(without), StringComparison.Ordinal);
        Assert.Equal(path, without.QuerySelector("[aria-labelledby=first] a")!.GetAttribute("href"));
        Assert.StartsWith("Another search of yours is under way", Note(busy), StringComparison.Ordinal);
        Assert.DoesNotContain("Look again", with.Words("[aria-labelledby=first]"), StringComparison.Ordinal);

        static string Note(IDocument page) => page.Words("[aria-labelledby=first] p");
    }

    private static string Currency(IDocument page) => page.Words("thead th.r").Split(' ')[^1];

    private static List<(string Name, string Value)> Fields(IDocument page) =>
        [
            .. page.QuerySelectorAll("form.what-if input:not([type=hidden])")
                .Select(input => (input.GetAttribute("name")!, input.GetAttribute("value") ?? "")),
            .. page.QuerySelectorAll("form.what-if select")
                .Select(select => (select.GetAttribute("name")!, select.QuerySelector("option[selected]")?.GetAttribute("value") ?? "")),
        ];

    private static decimal Amount(string text) => decimal.Parse(text.Split('\u00A0')[0], NumberStyles.Number, CultureInfo.InvariantCulture);

    private static decimal Number(JsonNode? node) => decimal.Parse(node!.GetValue<string>(), CultureInfo.InvariantCulture);
}
