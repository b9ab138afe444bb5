using System.Net;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5: flags, changed by forms that undo nobody else's change.</summary>
public sealed class FlagPageTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private readonly ApiApp _app = fixture.App;
    private readonly string _key = TestFlags.NewKey();

    [Fact]
    public async Task Change_ByTheForm_IsSeenAtOnceAndInTheLog()
    {
        await _app.Database.AddFlagAsync("development", _key, value: "1");
        var (browser, admin) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        var (_, token) = await _app.Database.SignInAsync("admin");
        await _app.FlagAsync(_key, token);
        var page = await browser.PageAsync($"/operations/flags/{_key}");
        Assert.Equal(
            ("1", true),
            (page.QuerySelector("textarea")!.TextContent, page.QuerySelector("input[name=enabled]")!.HasAttribute("checked"))
        );

        using var changed = await SendAsync(browser, page, """{"most": 5}""", enabled: false);

        Assert.Equal($"/operations/flags/{_key}?done=changed", changed.Headers.Location?.OriginalString);
        var flag = await _app.FlagAsync(_key, token);
        Assert.Equal((false, 5), (flag.GetProperty("enabled").GetBoolean(), flag.GetProperty("value").GetProperty("most").GetInt32()));
        Assert.Contains((await _app.Database.ActionsAsync()), row =>
            (row.Action, row.Outcome, row.By, row.Target) == ("flag-change", "changed", admin, _key)
        );
        var after = await browser.PageAsync($"/operations/flags/{_key}?done=changed");
        Assert.Equal("2", after.QuerySelector("input[name=version]")!.GetAttribute("value"));
        Assert.Contains("enabled: true → false", after.Words("section[aria-labelledby=changes]"), StringComparison.Ordinal);

        using var same = await SendAsync(browser, after, """{"most": 5}""", enabled: false);
        Assert.Equal($"/operations/flags/{_key}?done=unchanged", same.Headers.Location?.OriginalString);
    }

    [Fact]
    public async Task Change_OfAVersionThatIsNoMore_ShowsBothAndChangesNothingUntilItIsSentAgain()
    {
        await _app.Database.AddFlagAsync("development", _key, value: "1");
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        var (other, token) = await _app.Database.SignInAsync("admin");
        var page = await browser.PageAsync($"/operations/flags/{_key}");
        (await _app.PatchFlagAsync(_key, token, """{"value":"theirs"}""")).Dispose();

        using var refused = await SendAsync(browser, page, "\"mine\"");

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        var conflict = await TestBrowser.PageAsync(refused);
        Assert.Contains("Value\"theirs\"\"mine\"", conflict.Words("section[aria-labelledby=conflict] table"), StringComparison.Ordinal);
        Assert.Contains($"{other}", conflict.Words("section[aria-labelledby=conflict]"), StringComparison.Ordinal);
        Assert.Equal("theirs", (await _app.FlagAsync(_key, token)).GetProperty("value").GetString());
        Assert.Equal("\"mine\"", conflict.QuerySelector("textarea")!.TextContent);

        using var again = await SendAsync(browser, conflict, "\"mine\"");
        Assert.Equal($"/operations/flags/{_key}?done=changed", again.Headers.Location?.OriginalString);
        Assert.Equal("mine", (await _app.FlagAsync(_key, token)).GetProperty("value").GetString());
    }

    [Theory]
    [InlineData("{", "must be JSON")]
    [InlineData("{\"a\":1,\"a\":2}", "value.a must be given once")]
    [InlineData("\"\\ud800\"", "value must be Unicode text, without halves of surrogate pairs")]
    [InlineData("{\"\\ud800\":1}", "value must be Unicode text, without halves of surrogate pairs")]
    public async Task Change_ToWhatCanNotBe_SaysWhereAndKeepsWhatWasTyped(string value, string error)
    {
        await _app.Database.AddFlagAsync("development", _key, value: "1");
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;

        using var refused = await SendAsync(browser, await browser.PageAsync($"/operations/flags/{_key}"), value);

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var page = await TestBrowser.PageAsync(refused);
        Assert.Contains(error, page.Words("[role=alert]"), StringComparison.Ordinal);
        Assert.Equal(value, page.QuerySelector("textarea")!.TextContent);
    }

    [Fact]
    public async Task Change_WithoutAVersion_IsRefused()
    {
        await _app.Database.AddFlagAsync("development", _key, value: "1");
        var (browser, _) = await _app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync($"/operations/flags/{_key}");

        using var refused = await browser.SendAsync(
            page,
            $"/operations/flags/{_key}",
            ("version", ""),
            ("value", "2"),
            ("description", "")
        );

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains(
            "version must be a whole number",
            (await TestBrowser.PageAsync(refused)).Words("[role=alert]"),
            StringComparison.Ordinal
        );
    }

    private Task<HttpResponseMessage> SendAsync(TestBrowser browser, AngleSharp.Dom.IDocument page, string value, bool enabled = true) =>
        browser.SendAsync(
            page,
            $"/operations/flags/{_key}",
            [("value", value), ("description", ""), .. enabled ? ((string, string)[])[("enabled", "true")] : []]
        );
}
