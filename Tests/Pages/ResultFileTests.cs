using System.Net;
using Overnight.Tests.Dashboard;

namespace Overnight.Tests.Pages;

/// <summary>SPEC C8: a result as CSV and as text.</summary>
public sealed class ResultFileTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task C8_Csv_HasEveryHoldingWithPlainNumbers()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        // Numbers are for programs, whatever the reader's culture is.
        browser.Languages = "de-DE";

        using var answer = await browser.GetAsync("/dashboard.csv");

        Assert.Equal("text/csv; charset=utf-8; header=present", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("overnight-2026-11-20.csv", answer.Content.Headers.ContentDisposition?.FileName);
        Assert.Equal("attachment", answer.Content.Headers.ContentDisposition?.DispositionType);
        var lines = (await answer.Content.ReadAsStringAsync(Ct)).Split("\r\n");
        Assert.Equal("rank,symbol,name,class,amount,currency,part_percent,score,class_gap,criteria,top_contributor,left_out", lines[0]);
        Assert.Equal("1,BND,Total Bond Market,Bonds,1120.4000,EUR,44.8160,62.0000,9.4000,10,Dividend yield,", lines[1]);
        Assert.Equal("6,AAPL,Apple,US shares,0.0000,EUR,0.0000,40.0000,-12.1000,10,Dividend yield,", lines[6]);
        Assert.Equal(",XYZ,,,,,,,,,,no price", lines[8]);
        Assert.Equal(("", 10), (lines[^1], lines.Length));
    }

    [Fact]
    public async Task C8_Csv_OfHostileTexts_HasNoCellThatIsAFormula()
    {
        var (browser, _) = await _app.BrowseAsync(user =>
            PageEntries.Entry(user, [new("=A1", "+1,\"2\"", "@class", -5, 2_500, -1)], leftOut: """{"symbol":"-X","reason":"=reason"}""")
        );
        using var own = browser;

        using var answer = await browser.GetAsync("/dashboard.csv");

        var lines = (await answer.Content.ReadAsStringAsync(Ct)).Split("\r\n");
        Assert.Equal("1,'=A1,\"'+1,\"\"2\"\"\",'@class,2500.0000,EUR,100.0000,-5.0000,-1.0000,10,Dividend yield,", lines[1]);
        Assert.Equal(",'-X,,,,,,,,,,'=reason", lines[2]);
    }

    [Fact]
    public async Task C8_Text_SaysTheSameInTheReadersForms()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        browser.Languages = "de-DE";

        using var answer = await browser.GetAsync("/dashboard.txt");

        Assert.Equal("text/plain; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        var lines = (await answer.Content.ReadAsStringAsync(Ct)).ReplaceLineEndings("\n").Split('\n');
        Assert.Equal(["Overnight, 20.11.2026", "2.500,00 EUR into 5 holdings"], lines[..2]);
        Assert.Contains("BND   1.120,40  44,8 %  Total Bond Market, Bonds, score 62", lines);
        Assert.Contains("Sum   2.500,00 EUR  Nothing is left over.", lines);
        Assert.Contains("Left out: XYZ (no price).", lines);
        Assert.Contains("Bonds: 10,6 %, 14,1 % after buying, target 18,0 to 22,0 %", lines);
    }

    [Fact]
    public async Task Files_OfAnOlderEntry_HaveWhatIsThere()
    {
        var (browser, _) = await _app.BrowseAsync(user => TestResults.Entry(user));
        using var own = browser;

        using var csv = await browser.GetAsync("/dashboard.csv");
        using var text = await browser.GetAsync("/dashboard.txt");

        Assert.Contains(
            "\r\n1,AAA,,,1000.0000,USD,100.0000,12.5000,3.2500,10,",
            await csv.Content.ReadAsStringAsync(Ct),
            StringComparison.Ordinal
        );
        Assert.Equal("overnight-result.csv", csv.Content.Headers.ContentDisposition?.FileName);
        Assert.Contains("AAA  1,000.00  100.0 %  score 12.50", await text.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dashboard.csv")]
    [InlineData("/dashboard.txt")]
    public async Task Files_WithoutAResult_Are404WithTheReason(string path)
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        var page = await browser.PageAsync(path, HttpStatusCode.NotFound);

        Assert.Equal("No recommendations to show", page.Words("h1"));
        Assert.StartsWith("The portfolio has no holding", page.Words("p.wrong"), StringComparison.Ordinal);
    }
}
