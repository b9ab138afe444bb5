using System.Net;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Jobs.Erasures;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC D5, P4: users erase themselves by a form, which asks for the password again.</summary>
public sealed class ErasePageTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_Form_WithThePassword_ErasesAndShowsTheReceipt()
    {
        await using var app = await AppAsync();
        var (user, email) = await app.Database.AddAccountAsync(iterations: 1_000);
        using TestBrowser browser = new(app);
        var token = await app.Database.AddSessionAsync(user);
        browser.SignIn(token);
        using var account = await browser.PageAsync("/account");
        var form = await browser.PageAsync(account.QuerySelector("a[href='/account/erase']")!.GetAttribute("href")!);
        Assert.Contains("nobody can bring it back", form.Words("main"), StringComparison.Ordinal);

        var answering = browser.SendAsync(form, "/account/erase", ("password", SignInHelp.Password));
        UserErasure erasure = new(
            app.Database,
            app.Get<CacheInvalidation>(),
            new ResultInvalidation(app.Database, app.Get<CacheStore>()),
            app.Get<CacheCircuit>(),
            TimeProvider.System
        );
        await Eventually.TrueAsync(
            async () => answering.IsCompleted || (await erasure.FindOpenAsync(Ct)).Count == 1,
            "the erasure is asked for"
        );
        var id = Assert.Single(await erasure.FindOpenAsync(Ct));
        await erasure.GoOnAsync(id, Ct);
        using var answer = await answering;
        var page = await TestBrowser.PageAsync(answer);

        Assert.Equal((HttpStatusCode.OK, "Your account is erased"), (answer.StatusCode, page.Words("h1")));
        Assert.Contains("accounts: 1", page.Words("main ul"), StringComparison.Ordinal);
        Assert.Equal($"{id}", page.Words("main code"));
        Assert.Empty(page.QuerySelectorAll("form, nav"));
        Assert.Equal(HttpStatusCode.Unauthorized, await app.StatusAsync(token));
        using var signIn = await app.SignInAsync(email, SignInHelp.Password);
        Assert.Equal(HttpStatusCode.Unauthorized, signIn.StatusCode);
        // The browser has no cookie of the session any more.
        Assert.Equal("Sign in", (await browser.PageAsync("/")).Words("h1"));
    }

    [Theory]
    [InlineData("", "Password is missing.")]
    [InlineData("another one", "Password is not the password of this account.")]
    public async Task D5_Form_WithoutThePassword_ErasesNothing(string password, string error)
    {
        await using var app = await AppAsync();
        var (user, _) = await app.Database.AddAccountAsync(iterations: 1_000);
        using TestBrowser browser = new(app);
        browser.SignIn(await app.Database.AddSessionAsync(user));

        using var answer = await browser.SendAsync(await browser.PageAsync("/account/erase"), "/account/erase", ("password", password));
        var page = await TestBrowser.PageAsync(answer);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(error, page.Words("#password-error"));
        Assert.False(page.QuerySelector("#password")!.HasAttribute("value"));
        await AssertNobodyIsErasedAsync(app);
    }

    [Fact]
    public async Task D5_Form_WithoutItsToken_ErasesNothing()
    {
        await using var app = await AppAsync();
        var (user, _) = await app.Database.AddAccountAsync(iterations: 1_000);
        using TestBrowser browser = new(app);
        browser.SignIn(await app.Database.AddSessionAsync(user));
        (await browser.PageAsync("/account/erase")).Dispose();

        using var answer = await browser.PostAsync(
            "/account/erase",
            [new("password", SignInHelp.Password)],
            ("Sec-Fetch-Site", "same-origin")
        );

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await AssertNobodyIsErasedAsync(app);
    }

    [Fact]
    public async Task D5_Form_OfTheLastAdministrator_IsRefusedWithASentence()
    {
        await using var app = await AppAsync();
        await app.Database.ExecuteAsync("update users set role = 'user'");
        var (admin, _) = await app.Database.AddAccountAsync("admin", iterations: 1_000);
        using TestBrowser browser = new(app);
        browser.SignIn(await app.Database.AddSessionAsync(admin));

        using var answer = await browser.SendAsync(
            await browser.PageAsync("/account/erase"),
            "/account/erase",
            ("password", SignInHelp.Password)
        );

        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("is the last administrator", (await TestBrowser.PageAsync(answer)).Words("[role=alert]"), StringComparison.Ordinal);
        await AssertNobodyIsErasedAsync(app);
    }

    [Fact]
    public async Task D5_Page_OfAnAccountWithoutAPassword_HasNoForm()
    {
        await using var app = await AppAsync();
        var (browser, _) = await app.BrowseAsync();
        using var own = browser;

        var page = await browser.PageAsync("/account/erase");

        Assert.Empty(page.QuerySelectorAll("form[action='/account/erase']"));
        Assert.Contains("has no password", page.Words(".wrong"), StringComparison.Ordinal);
    }

    private static async Task AssertNobodyIsErasedAsync(ApiApp app) =>
        Assert.Equal(
            (0L, 0L),
            (
                await app.Database.ScalarAsync<long>("select count(*) from erasures"),
                await app.Database.ScalarAsync<long>("select count(*) from users where deleted_at is not null")
            )
        );

    private async Task<ApiApp> AppAsync() => new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
}
