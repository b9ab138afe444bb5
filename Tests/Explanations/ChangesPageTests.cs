using System.Globalization;
using System.Net;
using Overnight.Tests.Harness;
using Overnight.Tests.Pages;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC P3: the page of what changed between two nights.</summary>
public sealed class ChangesPageTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P3_Changes_AreAgainstTheNightBeforeAndAddUp()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        using TestBrowser browser = new(night.App);
        browser.SignIn(night.Token);
        var none = await browser.PageAsync("/changes");
        Assert.Equal("There is no night before to compare with", none.Words("h1"));
        await night.Night.ExecuteAsync("update portfolios set contribution = 1800 where user_id = $1", Ct, night.User);
        var second = await night.Night.RunAsync(Ct, again: true);

        var page = await browser.PageAsync("/changes");
        var same = await browser.PageAsync($"/changes?before={night.Run.Id}&after={second.Id}");
        var turned = await browser.PageAsync($"/changes?before={second.Id}&after={night.Run.Id}");
        var refused = await night.GetAsync(
            $"/api/calculations/changes?before={second.Id}&after={night.Run.Id}",
            status: HttpStatusCode.BadRequest
        );
        var nothing = await browser.PageAsync($"/changes?before={second.Id}&after={second.Id}");

        Assert.Equal(page.QuerySelector("main")!.InnerHtml, same.QuerySelector("main")!.InnerHtml);
        Assert.Equal(page.QuerySelector("main")!.InnerHtml, turned.QuerySelector("main")!.InnerHtml);
        Assert.Contains(
            $"before must be the earlier of the two runs; {second.Id}",
            refused["detail"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.EndsWith("All of it comes from your contribution.", page.Words(".lead"), StringComparison.Ordinal);
        Assert.Contains(
            "in this order: the calculation's rules, exchange rates, prices, company figures, your holdings, your criteria, "
                + "your targets and minimums, and your contribution.",
            page.Words(".notes"),
            StringComparison.Ordinal
        );
        var sum = page.QuerySelectorAll("tfoot td").Select(td => Amount(td.TextContent));
        Assert.Equal([1_500, 1_800, 300, 300], sum);
        Assert.All(page.QuerySelectorAll("table tbody tr"), row =>
        {
            var amounts = row.QuerySelectorAll("td").Select(td => Amount(td.TextContent)).ToList();
            Assert.Equal((amounts[1] - amounts[0], amounts[2]), (amounts[2], amounts.Skip(3).Sum()));
        });
        Assert.Equal("No amount has changed", nothing.Words("h1"));
        // Any two nights can be chosen on the page itself.
        Assert.Equal(
            [$"{second.Id}", $"{night.Run.Id}"],
            page.QuerySelectorAll("form.filter select[name=before] option").Select(option => option.GetAttribute("value")!)
        );
        Assert.Equal($"{night.Run.Id}", page.QuerySelector("select[name=before] option[selected]")!.GetAttribute("value"));
        Assert.Equal($"{second.Id}", page.QuerySelector("select[name=after] option[selected]")!.GetAttribute("value"));
        var past = await browser.PageAsync($"/history/{second.Id}");
        Assert.Contains($"/changes?after={second.Id}", past.QuerySelectorAll(".actions a").Select(a => a.GetAttribute("href")));
    }

    private static decimal Amount(string text) => decimal.Parse(text.Split('\u00A0')[0], NumberStyles.Number, CultureInfo.InvariantCulture);
}
