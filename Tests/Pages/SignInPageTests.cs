using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Overnight.Api.Sessions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Protection;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P1: signing in and out by page.</summary>
public sealed class SignInPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P1_SignInAndOut_ByForms_ChangesTheCookieAndTheSession()
    {
        var (user, email) = await _app.Database.AddAccountAsync();
        using TestBrowser browser = new(_app);

        using var signedIn = await browser.SendAsync(
            await browser.PageAsync("/"),
            "/sign-in",
            ("email", email),
            ("password", SignInHelp.Password)
        );

        Assert.Equal((HttpStatusCode.Redirect, "/dashboard"), (signedIn.StatusCode, signedIn.Headers.Location?.OriginalString));
        var token = browser.Cookie(SessionCookie.DevelopmentName)!;
        var page = await browser.PageAsync("/dashboard");
        Assert.Equal("Nothing to value yet", page.Words("h1"));
        Assert.Equal(["/dashboard"], page.QuerySelectorAll("nav a[aria-current=page]").Select(link => link.GetAttribute("href")));

        using var signedOut = await browser.SendAsync(page, "/sign-out");
        Assert.Equal((HttpStatusCode.Redirect, "/"), (signedOut.StatusCode, signedOut.Headers.Location?.OriginalString));
        Assert.Null(browser.Cookie(SessionCookie.DevelopmentName));
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(token));
        Assert.True(
            await _app.Database.ScalarAsync<bool>("select bool_and(revoked_at is not null) from sessions where user_id = $1", user)
        );
    }

    [Fact]
    public async Task P1_SignIn_WithAWrongPassword_ShowsTheFormAgainWithoutThePassword()
    {
        var (_, email) = await _app.Database.AddAccountAsync();
        using TestBrowser browser = new(_app);

        using var answer = await browser.SendAsync(
            await browser.PageAsync("/"),
            "/sign-in",
            ("email", email),
            ("password", "hunter2hunter2")
        );
        var page = await TestBrowser.PageAsync(answer);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Not signed in. The e-mail address or the password is wrong, or the account is closed.", page.Words("[role=alert]"));
        Assert.Equal(email, page.QuerySelector("input[name=email]")!.GetAttribute("value"));
        Assert.DoesNotContain("hunter2hunter2", page.DocumentElement.OuterHtml, StringComparison.Ordinal);
        Assert.Null(browser.Cookie(SessionCookie.DevelopmentName));
    }

    [Theory]
    [InlineData("no address", "x", 400)]
    [InlineData("", "x", 400)]
    [InlineData("a@test.example", "", 400)]
    public async Task SignIn_WithFieldsThatCanNotBe_SaysWhatIsWrong(string email, string password, int status)
    {
        using TestBrowser browser = new(_app);

        using var answer = await browser.SendAsync(await browser.PageAsync("/"), "/sign-in", ("email", email), ("password", password));

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.NotEmpty((await TestBrowser.PageAsync(answer)).Words("[role=alert]"));
    }

    [Fact]
    public async Task SignIn_BeyondTheLimit_SaysWhenToTryAgain()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "1"));
        var (_, email) = await _app.Database.AddAccountAsync();
        using TestBrowser browser = new(app);
        var page = await browser.PageAsync("/");
        (await browser.SendAsync(page, "/sign-in", ("email", email), ("password", "wrong"))).Dispose();

        using var refused = await browser.SendAsync(page, "/sign-in", ("email", email), ("password", SignInHelp.Password));

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.StartsWith(
            "Not signed in. Too many tries",
            (await TestBrowser.PageAsync(refused)).Words("[role=alert]"),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("user", "demo@demo.example")]
    [InlineData("admin", "admin@demo.example")]
    public async Task P1_Demo_OneClick_SignsIn(string account, string email)
    {
        await _app.Database.AddDemoAccountsAsync();
        using TestBrowser browser = new(_app);
        var page = await browser.PageAsync("/");
        Assert.Equal(["user", "admin"], page.QuerySelectorAll("button[name=account]").Select(button => button.GetAttribute("value")));

        using var answer = await browser.SendAsync(page, "/demo-sign-in", ("account", account));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(
            email,
            await _app.Database.ScalarAsync<string>(
                "select u.email from sessions s join users u on u.id = s.user_id where s.token_hash = $1",
                TestPeople.Hash(browser.Cookie(SessionCookie.DevelopmentName)!)
            )
        );
        (await browser.PageAsync("/dashboard")).Dispose();
    }

    [Fact]
    public async Task P1_Demo_OutsideDevelopmentOrFromAnotherMachine_IsNotThere()
    {
        await _app.Database.AddDemoAccountsAsync();
        await using var production = fixture.Another(("environment", "Production"));
        using TestBrowser browser = new(production, "https://localhost/");
        var page = await browser.PageAsync("/");
        Assert.Empty(page.QuerySelectorAll("form[action='/demo-sign-in']"));
        using var answer = await browser.PostAsync("/demo-sign-in", [new("account", "admin")], ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);

        var elsewhere = await _app.FromAsync("198.51.100.7", HttpMethods.Get, "/", null, ("Accept", TestBrowser.Html));
        using StreamReader text = new(elsewhere.Response.Body);
        Assert.DoesNotContain("/demo-sign-in", await text.ReadToEndAsync(Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignInPage_OverHttpElsewhere_HasNoFormAndSaysWhy()
    {
        await using var production = fixture.Another(("environment", "Production"));
        using TestBrowser http = new(production);
        using TestBrowser https = new(production, "https://localhost/");

        var refused = await http.PageAsync("/");
        var form = await https.PageAsync("/");

        Assert.Empty(refused.QuerySelectorAll("form[action='/sign-in']"));
        Assert.StartsWith("Not over this connection. Passwords and sessions", refused.Words(".wrong"), StringComparison.Ordinal);
        Assert.Single(form.QuerySelectorAll("form[action='/sign-in']"));

        var (_, email) = await _app.Database.AddAccountAsync();
        using var posted = await http.SendAsync(form, "/sign-in", ("email", email), ("password", SignInHelp.Password));
        Assert.NotEqual(HttpStatusCode.Redirect, posted.StatusCode);
        using var signedIn = await https.SendAsync(form, "/sign-in", ("email", email), ("password", SignInHelp.Password));
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
        Assert.NotNull(https.Cookie(SessionCookie.Name));
        Assert.All(signedIn.Headers.GetValues("Set-Cookie"), cookie =>
            Assert.Contains("secure", cookie, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Theory]
    [InlineData("http://localhost/", false)]
    [InlineData("https://localhost/", true)]
    public async Task FormCookie_OfEachScheme_HasItsFlags(string site, bool isSecure)
    {
        using TestBrowser browser = new(_app, site);

        using var answer = await browser.GetAsync("/");

        var cookie = Microsoft.Net.Http.Headers.SetCookieHeaderValue.Parse(answer.Headers.GetValues("Set-Cookie").Single());
        Assert.Equal(
            (Api.Pages.Forms.AntiforgeryTokenIssuer.CookieName, true, isSecure, Microsoft.Net.Http.Headers.SameSiteMode.Strict, "/"),
            (cookie.Name.Value, cookie.HttpOnly, cookie.Secure, cookie.SameSite, cookie.Path.Value)
        );
    }

    /// <summary>Every route that takes a form, those of later pages included.</summary>
    [Fact]
    public async Task Forms_WithoutTheirTokenOrWithAnothers_ChangeNothing()
    {
        var forms = _app.Get<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route =>
                route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains(HttpMethods.Post) == true
                && !route.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal)
            )
            .Select(route => route.RoutePattern.RawText!)
            .ToList();
        Assert.InRange(forms.Count, 4, int.MaxValue);
        // An administrator, whom no form is refused for other reasons.
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        var (other, _) = await _app.BrowseAsync(role: "admin");
        using var stranger = other;
        var mine = await browser.PageAsync("/dashboard");
        var others = await stranger.PageAsync("/dashboard");
        var field = mine.QuerySelector("form input[name^='__']")!.GetAttribute("name")!;
        foreach (var form in forms)
        {
            await RefusedAsync(form, []);
            await RefusedAsync(form, [new(field, "")]);
            await RefusedAsync(form, [new(field, "garbage")]);
            await RefusedAsync(form, [new(field, PageRequests.TokenField(others))]);
        }
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(browser.Cookie(SessionCookie.DevelopmentName)!));

        async Task RefusedAsync(string path, KeyValuePair<string, string>[] fields)
        {
            using var answer = await browser.PostAsync(
                path,
                [.. fields, new("account", "user"), new("theme", "dark")],
                ("Sec-Fetch-Site", "same-origin")
            );
            Assert.Equal((path, HttpStatusCode.BadRequest), (path, answer.StatusCode));
            Assert.Equal("The form is out of date", (await TestBrowser.PageAsync(answer)).Words("h1"));
            Assert.False(
                answer.Headers.TryGetValues("Set-Cookie", out var set)
                    && set.Any(cookie => cookie.StartsWith("overnight-d", StringComparison.Ordinal))
            );
        }
    }

    /// <summary>The token was right when the page was sent; it is not any more once another session is signed in.</summary>
    [Fact]
    public async Task Form_OfASessionBefore_IsRefused()
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;
        var old = await browser.PageAsync("/dashboard");
        var (_, token) = await _app.Database.SignInAsync();
        browser.SignIn(token);

        using var answer = await browser.SendAsync(old, "/sign-out");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(token));
    }

    [Fact]
    public async Task Form_WithItsTokenFromAPageOfAnotherSite_Is403()
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;
        var page = await browser.PageAsync("/dashboard");
        var field = page.QuerySelector("form input[name^='__']")!;
        foreach (var header in ((string, string)[])[("Origin", "https://elsewhere.example"), ("Sec-Fetch-Site", "cross-site")])
        {
            using var answer = await browser.PostAsync(
                "/sign-out",
                [new(field.GetAttribute("name")!, field.GetAttribute("value")!)],
                header
            );
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal("Not from another site", (await TestBrowser.PageAsync(answer)).Words("h1"));
        }
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(browser.Cookie(SessionCookie.DevelopmentName)!));
    }

    [Fact]
    public async Task Form_ThatIsNone_IsA415AndOneThatIsTooLongA413()
    {
        using var json = await _app.PostAsync("/sign-in", "{}");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, json.StatusCode);
        using TestBrowser browser = new(_app);
        using var longer = await browser.PostAsync("/sign-in", [new("email", new string('a', 20_000))], ("Sec-Fetch-Site", "same-origin"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, longer.StatusCode);
    }
}
