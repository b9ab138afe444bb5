using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5: who may see the operations pages, and what each of them is held to.</summary>
public sealed class OperationsAccessTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P5_EveryRoute_ForAUser_Is403WithoutData()
    {
        var run = await _app.Database.AddRunAsync(TimeProvider.System.GetUtcNow().AddHours(-2), date: "2026-03-02", failed: 1);
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;
        var (target, _) = await _app.Database.SignInAsync();
        var email = await _app.Database.EmailOfAsync(target);
        foreach (var (method, path) in Routes(run, target))
        {
            using var answer =
                method == HttpMethods.Get
                    ? await browser.GetAsync(path)
                    : await browser.PostAsync(path, [], ("Sec-Fetch-Site", "same-origin"));
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, answer.StatusCode));
            var text = await answer.Content.ReadAsStringAsync(Ct);
            Assert.Contains("This is for administrators.", text, StringComparison.Ordinal);
            Assert.DoesNotContain("NYSE", text, StringComparison.Ordinal);
            Assert.DoesNotContain(email, text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("/operations", (await browser.PageAsync("/dashboard")).DocumentElement.OuterHtml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task P5_EveryPage_ForNobody_LeadsToTheSignInAndBack()
    {
        using TestBrowser nobody = new(_app);
        foreach (var (_, path) in Routes(Guid.NewGuid(), Guid.NewGuid()).Where(route => route.Method == HttpMethods.Get))
        {
            using var answer = await nobody.GetAsync(path);
            Assert.Equal(
                (HttpStatusCode.Redirect, $"/?return={Uri.EscapeDataString(path)}"),
                (answer.StatusCode, answer.Headers.Location?.OriginalString)
            );
        }
    }

    /// <summary>Links of every page lead somewhere, and nothing on it needs a script or style of its own.</summary>
    [Fact]
    public async Task P5_EveryPage_ForAnAdministrator_IsWholeAndItsLinksLeadSomewhere()
    {
        var run = await _app.Database.AddRunAsync(TimeProvider.System.GetUtcNow().AddHours(-1), date: "2026-03-03", failed: 2);
        var (browser, admin) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        await _app.Database.AddFlagAsync("development", "v1");
        HashSet<string> seen = [];
        foreach (var (_, path) in Routes(run, admin).Where(route => route.Method == HttpMethods.Get))
        {
            var page = await browser.PageAsync(path);
            Assert.Empty(page.QuerySelectorAll("style, [style], script:not([src])"));
            Assert.Equal((path, 1), (path, page.QuerySelectorAll("h1").Length));
            Assert.Equal(path == "/operations/keys" ? 0 : 1, page.QuerySelectorAll("nav.sections a[aria-current=page]").Length);
            foreach (var link in page.QuerySelectorAll("a[href^='/']").Select(link => link.GetAttribute("href")!))
            {
                if (!seen.Add(link))
                    continue;
                using var answer = await browser.GetAsync(link);
                Assert.True(
                    answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Redirect or HttpStatusCode.NotFound,
                    $"{path} {link}: {answer.StatusCode}"
                );
                // Users of test runs are not there.
                Assert.True(
                    answer.StatusCode != HttpStatusCode.NotFound || link.StartsWith("/operations/users/", StringComparison.Ordinal),
                    $"{path} {link}"
                );
            }
        }
    }

    [Theory]
    [InlineData("/operations/runs/x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/runs/019a0000-0000-7000-8000-000000000001", HttpStatusCode.NotFound)]
    [InlineData("/operations/runs?status=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/runs?cursor=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/users?banned=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/notices?state=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/notices?cursor=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/schedule/markets/MOON", HttpStatusCode.NotFound)]
    [InlineData("/operations/schedule/sets/none", HttpStatusCode.NotFound)]
    [InlineData("/operations/users?query=%00", HttpStatusCode.BadRequest)]
    [InlineData("/operations/users/x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/users/019a0000-0000-7000-8000-000000000001", HttpStatusCode.NotFound)]
    [InlineData("/operations/flags/none", HttpStatusCode.NotFound)]
    [InlineData("/operations/flags/a%20b", HttpStatusCode.BadRequest)]
    [InlineData("/operations/cache?hours=0", HttpStatusCode.BadRequest)]
    [InlineData("/operations/cache?hours=169", HttpStatusCode.BadRequest)]
    [InlineData("/operations/log?action=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations/log?user=x", HttpStatusCode.BadRequest)]
    [InlineData("/operations?x=1", HttpStatusCode.BadRequest)]
    public async Task Page_AskedForWhatIsNotThereOrCanNotBe_SaysSo(string path, HttpStatusCode status)
    {
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync(path, status);

        Assert.NotEmpty(page.Words("h1"));
        Assert.NotEmpty(page.Words(".wrong, .field-error"));
    }

    [Fact]
    public async Task Shortcuts_SwitchedOff_StayOffInThisBrowser()
    {
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync("/operations/keys");
        Assert.Equal("on", page.QuerySelector(".sections")!.GetAttribute("data-keys"));

        using var off = await browser.SendAsync(page, "/operations/keys");
        Assert.Equal((HttpStatusCode.Redirect, "/operations/keys?done=keys-off"), (off.StatusCode, off.Headers.Location?.OriginalString));
        var after = await browser.PageAsync("/operations/keys?done=keys-off");
        Assert.Equal("off", after.QuerySelector(".sections")!.GetAttribute("data-keys"));
        Assert.Equal("Keyboard shortcuts are off in this browser.", after.Words(".done"));

        (await browser.SendAsync(after, "/operations/keys")).Dispose();
        Assert.Equal("on", (await browser.PageAsync("/operations")).QuerySelector(".sections")!.GetAttribute("data-keys"));
    }

    [Theory]
    [InlineData("http://localhost/", false)]
    [InlineData("https://localhost/", true)]
    public async Task ShortcutCookie_OfEachScheme_HasItsFlags(string site, bool isSecure)
    {
        var (_, token) = await _app.Database.SignInAsync("admin");
        using TestBrowser browser = new(_app, site);
        browser.SignIn(token, isSecure ? Api.Sessions.SessionCookie.Name : Api.Sessions.SessionCookie.DevelopmentName);

        using var answer = await browser.SendAsync(await browser.PageAsync("/operations/keys"), "/operations/keys");

        var cookie = Microsoft.Net.Http.Headers.SetCookieHeaderValue.Parse(
            answer.Headers.GetValues("Set-Cookie").Single(set => set.StartsWith("overnight-keys", StringComparison.Ordinal))
        );
        Assert.Equal(
            (true, isSecure, Microsoft.Net.Http.Headers.SameSiteMode.Strict, "/"),
            (cookie.HttpOnly, cookie.Secure, cookie.SameSite, cookie.Path.Value)
        );
    }

    [Fact]
    public async Task Outcome_OfAnAddressThatSomebodyElseWrote_IsNotSaid()
    {
        var (browser, admin) = await _app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync($"/operations/users/{admin}?done=You%20are%20hacked");

        Assert.Null(page.QuerySelector(".done"));
        Assert.DoesNotContain("hacked", page.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
    }

    private List<(string Method, string Path)> Routes(Guid run, Guid user)
    {
        var routes = _app.Get<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith("/operations", StringComparison.Ordinal))
            .SelectMany(route =>
                route
                    .Metadata.GetMetadata<IHttpMethodMetadata>()!
                    .HttpMethods.Where(method => method != HttpMethods.Head)
                    .Select(method =>
                        (
                            method,
                            route
                                .RoutePattern.RawText!.Replace("runs/{id}", $"runs/{run}", StringComparison.Ordinal)
                                .Replace("users/{id}", $"users/{user}", StringComparison.Ordinal)
                                .Replace("{key}", "v1", StringComparison.Ordinal)
                                .Replace("markets/{name}", "markets/XETRA", StringComparison.Ordinal)
                                .Replace("sets/{name}", "sets/sessions", StringComparison.Ordinal)
                                .Replace("notices/{id}", $"notices/{run}", StringComparison.Ordinal)
                        )
                    )
            )
            .ToList();
        Assert.InRange(routes.Count, 18, 50);
        Assert.DoesNotContain(routes, route => route.Item2.Contains('{', StringComparison.Ordinal));
        return routes;
    }
}
