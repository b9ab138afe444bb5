using System.Net;
using AngleSharp.Dom;
using Overnight.Api.Pages.Account;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P4, E5, C6: own sessions, password, who read the results, and the export, by page.</summary>
public sealed class AccountPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Another = "another password of mine";

    private readonly ApiApp _app = fixture.App;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private PageStateData Data => new(_app.Database, _app.Cache, TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task E5_Sessions_AreListedWithWhereAndWhich()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        await Data.AddSessionAsync(user, TimeSpan.FromDays(2), "203.0.113.9", PageStateData.Firefox);
        await Data.AddSessionAsync(user, TimeSpan.FromDays(3), null, null);
        await _app.Database.SignInAsync();

        var page = await browser.PageAsync("/account");

        // The fixture's own session was made as if a day before it expires, in an hour.
        Assert.Equal(
            [
                "A program without a name|address not known|this one",
                "Firefox on Linux|203.0.113.9|End",
                "A program without a name|address not known|End",
            ],
            Rows(page, "sessions").Select(row => $"{row.Words("th b")}|{row.Words("th i:first-of-type")}|{row.Words("td.do")}")
        );
        Assert.Equal($"Signed in as {user:N}@test.example", page.Words(".eyebrow"));
        Assert.NotNull(page.QuerySelector("form[action='/account/sessions/end-others']"));
    }

    [Fact]
    public async Task E5_Session_EndedByItsButton_IsRefusedAndLogged()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var other = await _app.Database.AddSessionAsync(user);
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(other));
        var page = await browser.PageAsync("/account");

        using var ended = await browser.SendAsync(page, "/account/sessions/end", ("id", TestPeople.Hash(other)));

        Assert.Equal((HttpStatusCode.Redirect, "/account?done=session"), (ended.StatusCode, ended.Headers.Location?.OriginalString));
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(other));
        var after = await browser.PageAsync("/account?done=session");
        Assert.StartsWith("The session is ended", after.Words(".notice"), StringComparison.Ordinal);
        Assert.Equal(("This is your only session.", 1), (after.Words("#sessions ~ .notes"), Rows(after, "sessions").Count));
        Assert.Contains(await _app.Database.ActionsAsync(), row =>
            row is { Action: "session-ended", Actor: "user" } && row.Subject == user && row.By == user
        );
    }

    [Fact]
    public async Task C5_SessionOfAnother_IsNotEnded()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        await _app.Database.AddSessionAsync(user);
        var (_, strangers) = await _app.Database.SignInAsync();
        var page = await browser.PageAsync("/account");

        using var refused = await browser.SendAsync(page, "/account/sessions/end", ("id", TestPeople.Hash(strangers)));
        using var invalid = await browser.SendAsync(page, "/account/sessions/end", ("id", "v1"));

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (refused.StatusCode, invalid.StatusCode));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(strangers));
    }

    [Fact]
    public async Task E5_OwnCurrentSession_Ended_SignsOut()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        await _app.Database.AddSessionAsync(user);
        var page = await browser.PageAsync("/account");
        var current = TestPeople.Hash(browser.Cookie(Api.Sessions.SessionCookie.DevelopmentName)!);

        using var ended = await browser.SendAsync(page, "/account/sessions/end", ("id", current));

        Assert.Equal((HttpStatusCode.Redirect, "/"), (ended.StatusCode, ended.Headers.Location?.OriginalString));
        Assert.Null(browser.Cookie(Api.Sessions.SessionCookie.DevelopmentName));
    }

    [Fact]
    public async Task E5_OtherSessions_EndedByTheButton_LeaveTheCurrentOne()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        var others = (string[])[await _app.Database.AddSessionAsync(user), await _app.Database.AddSessionAsync(user)];
        var (_, strangers) = await _app.Database.SignInAsync();

        using var ended = await browser.SendAsync(await browser.PageAsync("/account"), "/account/sessions/end-others");

        Assert.Equal("/account?done=others", ended.Headers.Location?.OriginalString);
        foreach (var other in others)
            Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(other));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(strangers));
        Assert.Equal("All other sessions are ended.", (await browser.PageAsync("/account?done=others")).Words(".notice"));
    }

    [Fact]
    public async Task C6_ReadsByOthers_AreShownWithTheResult()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        Assert.StartsWith("Nobody but you", (await browser.PageAsync("/account")).Words("#reads ~ p"), StringComparison.Ordinal);
        var run = await Data.AddNightAsync(user, new(2026, 11, 20), PageEntries.Entry(user));
        var (_, admin) = await _app.Database.SignInAsync("admin");
        (await _app.GetAsync($"/api/calculations/{run}/{user}", admin, Ct)).Dispose();
        await Data.AddReadAsync(user, run, new(2026, 11, 20), "admin-key", TimeSpan.FromDays(-1));
        await Data.AddReadAsync(user, run, new(2026, 11, 20), "command", TimeSpan.FromDays(-2));

        var rows = Rows(await browser.PageAsync("/account"), "reads");

        Assert.Equal(
            ["An operator, by a command|2026-11-20", "A program with the admin key|2026-11-20", "An administrator|2026-11-20"],
            rows.Select(row => $"{row.Words("th")}|{row.Words("td")}")
        );
        Assert.Equal($"/history/{run}", rows[0].QuerySelector("a")!.GetAttribute("href"));
    }

    [Fact]
    public async Task Account_OfManySessionsAndReads_HasTheRestOnFurtherPages()
    {
        var (browser, user) = await _app.BrowseAsync();
        using var own = browser;
        for (var at = 1; at <= 21; at++)
        {
            await Data.AddSessionAsync(user, TimeSpan.FromDays(at), $"203.0.113.{at}", null);
            await Data.AddReadAsync(user, Guid.CreateVersion7(), new(2026, 1, at), "admin", TimeSpan.FromDays(at));
        }

        var page = await browser.PageAsync("/account");
        var sessions = await browser.PageAsync(page.QuerySelector("a[href^='/account?sessions=']")!.GetAttribute("href")!);
        var reads = await browser.PageAsync(page.QuerySelector("a[href^='/account?reads=']")!.GetAttribute("href")!);

        Assert.Equal((20, 2), (Rows(page, "sessions").Count, Rows(sessions, "sessions").Count));
        Assert.Equal((20, 1), (Rows(page, "reads").Count, Rows(reads, "reads").Count));
        await browser.PageAsync("/account?sessions=x", HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("/account/password")]
    [InlineData("/account/sessions/end")]
    [InlineData("/account/sessions/end-others")]
    public async Task Form_WithoutItsToken_DoesNothing(string action)
    {
        var (user, email, browser) = await AccountAsync();
        using var own = browser;
        var other = await _app.Database.AddSessionAsync(user);
        (await browser.PageAsync("/account")).Dispose();

        using var answer = await browser.PostAsync(
            action,
            [
                new("id", TestPeople.Hash(other)),
                new("currentPassword", SignInHelp.Password),
                new("newPassword", Another),
                new("newPasswordAgain", Another),
            ],
            ("Sec-Fetch-Site", "same-origin")
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("The form is out of date", (await TestBrowser.PageAsync(answer)).Words("h1"));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(other));
        using var same = await _app.SignInAsync(email, SignInHelp.Password);
        Assert.Equal(HttpStatusCode.Created, same.StatusCode);
    }

    [Fact]
    public async Task P4_Export_IsOneLink()
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;
        var link = (await browser.PageAsync("/account")).QuerySelector("a[download]")!.GetAttribute("href")!;

        using var answer = await browser.GetAsync(link);

        Assert.Equal((HttpStatusCode.OK, "application/zip"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
    }

    [Theory]
    [InlineData(PageStateData.Firefox, "Firefox on Linux")]
    [InlineData(PageStateData.Phone, "Safari on iPhone")]
    [InlineData(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36 Edg/142.0",
        "Edge on Windows"
    )]
    [InlineData("curl/8.14.1", "curl")]
    [InlineData("portfolio-sync/2.1", "portfolio-sync/2.1")]
    [InlineData(" ", "A program without a name")]
    public void Program_OfAUserAgent_IsNamedForPeople(string userAgent, string name) => Assert.Equal(name, ClientNames.Of(userAgent));

    [Fact]
    public void Program_OfALongName_IsCut() => Assert.Equal(60, ClientNames.Of(new string('x', 200)).Length);

    private async Task<(Guid User, string Email, TestBrowser Browser)> AccountAsync()
    {
        var (user, email) = await _app.Database.AddAccountAsync(iterations: 1_000);
        TestBrowser browser = new(_app);
        browser.SignIn(await _app.Database.AddSessionAsync(user));
        return (user, email, browser);
    }

    private static IReadOnlyList<IElement> Rows(IDocument page, string section) =>
        [.. page.QuerySelectorAll($"section[aria-labelledby='{section}'] tbody tr")];
}
