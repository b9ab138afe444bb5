using System.Net;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P4: the own password, changed by a form.</summary>
public sealed class PasswordPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private const string Another = "another password of mine";

    private readonly ApiApp _app = fixture.App;

    [Fact]
    public async Task P4_Password_Changed_IsTheNewOneAndEndsOtherSessions()
    {
        var (user, email, browser) = await AccountAsync();
        using var own = browser;
        var other = await _app.Database.AddSessionAsync(user);

        using var changed = await ChangeAsync(browser, SignInHelp.Password, Another, Another);

        Assert.Equal("/account?done=password", changed.Headers.Location?.OriginalString);
        Assert.StartsWith(
            "The password is changed",
            (await browser.PageAsync("/account?done=password")).Words(".notice"),
            StringComparison.Ordinal
        );
        Assert.Equal(HttpStatusCode.Unauthorized, await _app.StatusAsync(other));
        using var old = await _app.SignInAsync(email, SignInHelp.Password);
        using var now = await _app.SignInAsync(email, Another);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Created), (old.StatusCode, now.StatusCode));
        Assert.Contains(await _app.Database.ActionsAsync(), row => row is { Action: "password-set" } && row.Subject == user);
    }

    [Theory]
    [InlineData("wrong", Another, Another, "currentPassword", "Current password is not the password of this account.")]
    [InlineData("", Another, Another, "currentPassword", "Current password is missing.")]
    [InlineData(SignInHelp.Password, "", "", "newPassword", "New password is missing.")]
    [InlineData(SignInHelp.Password, "short", "short", "newPassword", "New password is refused. A password must have 12")]
    [InlineData(SignInHelp.Password, SignInHelp.Password, "", "newPassword", "New password must be another than the current one.")]
    [InlineData(SignInHelp.Password, Another, "something else", "newPasswordAgain", "New password again is not the same as the new one.")]
    public async Task P4_Password_ThatIsRefused_IsSaidAtItsFieldAndNotShown(
        string current,
        string wanted,
        string again,
        string field,
        string error
    )
    {
        var (user, email, browser) = await AccountAsync();
        using var own = browser;
        var other = await _app.Database.AddSessionAsync(user);

        using var answer = await ChangeAsync(browser, current, wanted, again);
        var page = await TestBrowser.PageAsync(answer);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.StartsWith(error, page.Words($"#{field}-error"), StringComparison.Ordinal);
        Assert.Equal("true", page.QuerySelector($"#{field}")!.GetAttribute("aria-invalid"));
        Assert.Contains($"{field}-error", page.QuerySelector($"#{field}")!.GetAttribute("aria-describedby"), StringComparison.Ordinal);
        Assert.All(page.QuerySelectorAll("input[type=password]"), input => Assert.False(input.HasAttribute("value")));
        Assert.Equal(HttpStatusCode.NotFound, await _app.StatusAsync(other));
        using var same = await _app.SignInAsync(email, SignInHelp.Password);
        Assert.Equal(HttpStatusCode.Created, same.StatusCode);
    }

    [Fact]
    public async Task P4_Password_TriedTooOften_SaysWhenToTryAgain()
    {
        await using var app = fixture.Another(("Sessions:AttemptsPerEmail", "1"));
        var (user, _) = await app.Database.AddAccountAsync();
        using TestBrowser browser = new(app);
        browser.SignIn(await app.Database.AddSessionAsync(user));
        (await ChangeAsync(browser, "wrong", Another, Another)).Dispose();

        using var refused = await ChangeAsync(browser, SignInHelp.Password, Another, Another);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.StartsWith(
            "Not changed. Too many tries",
            (await TestBrowser.PageAsync(refused)).Words("[role=alert]"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task P4_Password_OfAnAccountWithoutOne_HasNoForm()
    {
        var (browser, _) = await _app.BrowseAsync();
        using var own = browser;

        var page = await browser.PageAsync("/account");

        Assert.Empty(page.QuerySelectorAll("form[action='/account/password']"));
        Assert.StartsWith("This account has no password.", page.Words("#password ~ p"), StringComparison.Ordinal);
    }

    private async Task<(Guid User, string Email, TestBrowser Browser)> AccountAsync()
    {
        var (user, email) = await _app.Database.AddAccountAsync(iterations: 1_000);
        TestBrowser browser = new(_app);
        browser.SignIn(await _app.Database.AddSessionAsync(user));
        return (user, email, browser);
    }

    private static async Task<HttpResponseMessage> ChangeAsync(TestBrowser browser, string current, string wanted, string again) =>
        await browser.SendAsync(
            await browser.PageAsync("/account"),
            "/account/password",
            ("currentPassword", current),
            ("newPassword", wanted),
            ("newPasswordAgain", again)
        );
}
