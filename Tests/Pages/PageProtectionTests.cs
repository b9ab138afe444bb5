using System.Net;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>What browsers are told about pages, what they may load, and which errors are pages.</summary>
public sealed class PageProtectionTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_PagesErrorsFilesAndJson_HaveThePolicyHeaders()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        using TestBrowser nobody = new(_app);
        string[] paths =
        [
            "/",
            "/dashboard",
            "/dashboard.txt",
            "/dashboard.csv",
            "/nowhere",
            "/pages/overnight.css",
            "/favicon.ico",
            "/api/runs",
        ];
        foreach (var (path, visitor) in paths.SelectMany(path => (TestBrowser[])[own, nobody], (path, visitor) => (path, visitor)))
        {
            using var answer = await visitor.GetAsync(path);
            Assert.Equal(
                ["default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"],
                answer.Headers.GetValues("Content-Security-Policy")
            );
            Assert.Equal(["same-origin"], answer.Headers.GetValues("Referrer-Policy"));
            Assert.Equal(["same-origin"], answer.Headers.GetValues("Cross-Origin-Opener-Policy"));
            Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
            Assert.False(answer.Headers.Contains("X-Frame-Options"));
            Assert.Equal(
                !path.StartsWith("/pages", StringComparison.Ordinal) && path != "/favicon.ico",
                answer.Headers.CacheControl?.NoStore ?? false
            );
        }
    }

    /// <summary>The policy would block it, and the page would be without it.</summary>
    [Fact]
    public async Task Pages_AllOfThem_HaveNoInlineScriptOrStyleAndLoadFromThisSiteAlone()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user));
        using var own = browser;
        using TestBrowser nobody = new(_app);
        foreach (
            var page in (AngleSharp.Dom.IDocument[])
                [
                    await browser.PageAsync("/dashboard"),
                    await browser.PageAsync("/history"),
                    await browser.PageAsync("/account"),
                    await nobody.PageAsync("/"),
                    await browser.PageAsync("/nowhere", HttpStatusCode.NotFound),
                    await browser.PageAsync("/api/runs", HttpStatusCode.Forbidden),
                ]
        )
        {
            Assert.Empty(page.QuerySelectorAll("style, [style], script:not([src]), base, iframe, object, embed"));
            Assert.DoesNotContain(page.All.SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.Ordinal));
            foreach (var address in page.QuerySelectorAll("[src], link[href]").Select(e => e.GetAttribute("src") ?? e.GetAttribute("href")))
                Assert.Matches(@"^/pages/(overnight|mark)\.[0-9a-f]{16}\.(css|js|svg)$", address);
            Assert.Equal("en", page.DocumentElement.GetAttribute("lang"));
            Assert.Single(page.QuerySelectorAll("h1"));
            Assert.Single(page.QuerySelectorAll("main"));
        }
    }

    [Fact]
    public async Task Links_OfEveryPage_LeadSomewhere()
    {
        var (browser, _) = await _app.BrowseAsync(user => PageEntries.Entry(user), "admin");
        using var own = browser;
        var page = await browser.PageAsync("/dashboard");
        foreach (var link in page.QuerySelectorAll("a[href^='/']").Select(link => link.GetAttribute("href")!).Distinct())
        {
            using var answer = await browser.GetAsync(link);
            Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Redirect, $"{link}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task Assets_ByTheirDigest_AreKeptForGoodAndByNameRevalidated()
    {
        using TestBrowser browser = new(_app);
        var page = await browser.PageAsync("/");
        foreach (var address in page.QuerySelectorAll("link, script").Select(e => (e.GetAttribute("src") ?? e.GetAttribute("href"))!))
        {
            using var forGood = await browser.GetAsync(address, "*/*");
            Assert.Equal("public, max-age=31536000, immutable", forGood.Headers.GetValues("Cache-Control").Single());
            var tag = forGood.Headers.ETag!;

            var plain = System.Text.RegularExpressions.Regex.Replace(address, @"\.[0-9a-f]{16}", "");
            using HttpRequestMessage again = new(HttpMethod.Get, plain);
            again.Headers.IfNoneMatch.Add(tag);
            using var unchanged = await _app.Http.SendAsync(again, Ct);
            Assert.Equal((HttpStatusCode.NotModified, true), (unchanged.StatusCode, unchanged.Headers.CacheControl!.NoCache));
        }
        using var gone = await browser.GetAsync("/pages/overnight.0123456789abcdef.css", "*/*");
        Assert.Equal((HttpStatusCode.NotFound, true), (gone.StatusCode, gone.Headers.CacheControl!.NoStore));
    }

    [Theory]
    [InlineData(TestBrowser.Html, true)]
    [InlineData("text/html", true)]
    [InlineData("application/json;q=0.5, text/html", true)]
    [InlineData("*/*", false)]
    [InlineData("application/json", false)]
    [InlineData("application/json, text/html;q=0.9", false)]
    [InlineData("text/html;q=0", false)]
    [InlineData("garbage;;;", false)]
    public async Task Errors_ArePagesForWhoAsksForHtmlAlone(string accept, bool isPage)
    {
        using TestBrowser browser = new(_app);

        using var answer = await browser.GetAsync("/nowhere", accept);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(isPage ? "text/html" : "application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/nowhere", 404, "Not found")]
    [InlineData("/api/runs", 403, "Not allowed")]
    [InlineData("/dashboard?x=1", 400, "The question is not valid")]
    [InlineData("/sign-in", 405, "Method not allowed")]
    public async Task Errors_AsPages_SayWhatIsWrong(string path, int status, string title)
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        var page = await browser.PageAsync(path, (HttpStatusCode)status);

        Assert.Equal((title, $"Error {status}"), (page.Words("h1"), page.Words(".alone .state")));
        Assert.NotEmpty(page.Words(".wrong"));
    }

    /// <summary>SPEC F5's neighbour: with neither store there is a page that says so, and a way to try again.</summary>
    [Fact]
    public async Task Page_WhilePostgresAndCacheAreAway_IsA503PageWithAWayToTryAgain()
    {
        await using ApiApp app = new("Host=127.0.0.1;Port=1;Username=overnight;Timeout=1", "127.0.0.1:1,connectTimeout=500");
        using TestBrowser browser = new(app);
        browser.SignIn(Core.Sessions.SessionToken.Create());

        using var answer = await browser.GetAsync("/dashboard");
        var page = await TestBrowser.PageAsync(answer);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "Temporarily unavailable"), (answer.StatusCode, page.Words("h1")));
        Assert.NotNull(answer.Headers.RetryAfter);
        Assert.NotNull(page.QuerySelector("a[href='/dashboard']"));
        Assert.Empty(page.QuerySelectorAll("form"));
        // Its stylesheet and script are there: no session is looked up for what is the same for everybody.
        foreach (var address in page.QuerySelectorAll("link[href], script").Select(e => e.GetAttribute("src") ?? e.GetAttribute("href")))
        {
            using var asset = await browser.GetAsync(address!, "*/*");
            Assert.Equal(HttpStatusCode.OK, asset.StatusCode);
        }
    }

    [Theory]
    [InlineData("/dashboard", "/")]
    [InlineData("/dashboard.csv", "/?return=%2Fdashboard.csv")]
    [InlineData("/api/runs?limit=5", "/?return=%2Fapi%2Fruns%3Flimit%3D5")]
    [InlineData("//elsewhere.example/", null)]
    public async Task Page_WithoutASession_LeadsToSignInAndBack(string path, string? location)
    {
        using TestBrowser browser = new(_app);

        using var answer = await browser.GetAsync(path.StartsWith("//", StringComparison.Ordinal) ? $"http://localhost{path}" : path);

        Assert.Equal(location, answer.Headers.Location?.OriginalString);
    }

    [Theory]
    [InlineData("https://elsewhere.example/")]
    [InlineData("//elsewhere.example/")]
    [InlineData("/\\elsewhere.example/")]
    [InlineData("/%09/elsewhere.example", "/%09/elsewhere.example")]
    [InlineData("\t//elsewhere.example")]
    [InlineData("dashboard")]
    [InlineData("javascript:alert(1)")]
    [InlineData("")]
    [InlineData("/dashboard.csv", "/dashboard.csv")]
    public async Task Return_ToAnotherSite_IsNotFollowed(string given, string expected = "/dashboard")
    {
        var (_, email) = await _app.Database.AddAccountAsync();
        using TestBrowser browser = new(_app);
        var page = await browser.PageAsync($"/?return={Uri.EscapeDataString(given)}");
        Assert.Equal(expected, page.QuerySelector("form[action='/sign-in'] input[name=return]")!.GetAttribute("value"));

        using var signedIn = await browser.SendAsync(
            page,
            "/sign-in",
            ("email", email),
            ("password", SignInHelp.Password),
            ("return", given)
        );
        Assert.Equal((HttpStatusCode.Redirect, expected), (signedIn.StatusCode, signedIn.Headers.Location?.OriginalString));

        using var again = await browser.GetAsync($"/?return={Uri.EscapeDataString(given)}");
        Assert.Equal(expected, again.Headers.Location?.OriginalString);
    }
}
