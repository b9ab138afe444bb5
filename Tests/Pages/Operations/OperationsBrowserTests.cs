using Microsoft.Playwright;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P: the operations pages in a real browser, wide and narrow, light and dark, printed, and without a script.</summary>
public sealed class OperationsBrowserTests(TestServers servers, Browser browser) : IClassFixture<Browser>
{
    private static readonly DateTimeOffset Now = PageStates.Now;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Looks => [.. Look.All.Select(look => look.Name)];

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task P5_Pages_HaveNoFaultThatABrowserSees(string look)
    {
        await using var app = await StartAsync();
        await using (var empty = await browser.OpenAsync(Site(app), Look.Of(look), (await app.Database.SignInAsync("admin")).Token))
            await empty.CheckAsync("/operations", "operations-empty");
        PageStateData data = new(app.Database, app.Cache, Now);
        var (_, user) = await data.OnceAsync(OperationsStates.FillAsync);
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(Site(app), Look.Of(look), token);
        foreach (var state in OperationsStates.All)
            await tab.CheckAsync((await state.PrepareAsync(data)).Path, state.Name);

        // Two questions that a form leads to, and a conflict.
        await tab.Page.GotoAsync($"/operations/users/{user}");
        if (!Look.Of(look).IsPrint)
        {
            await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Ban …" }).ClickAsync();
            await tab.CheckAsync("operations-ban");
            await tab.Page.GotoAsync("/operations/flags/pricing.limit");
            (await app.PatchFlagAsync("pricing.limit", token, """{"value":7,"description":"The most of a kind"}""")).Dispose();
            await tab.Page.Locator("textarea").FillAsync("8");
            await tab.Page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
            await tab.CheckAsync("operations-conflict");
        }
    }

    [Fact]
    public async Task P5_Keys_GoToPagesOutsideFieldsAlone_AndNotWhereSwitchedOff()
    {
        await using var app = await StartAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(Site(app), Look.All[0], token);
        var page = tab.Page;
        await page.GotoAsync("/operations");

        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator("dialog#keys")).ToBeVisibleAsync();
        await tab.CheckAsync("operations-keys-dialog");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("dialog#keys")).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveURLAsync(new Uri(Site(app), "/operations/users").ToString());

        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("input[name=query]")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("gl?");
        await Expect(page.Locator("input[name=query]")).ToHaveValueAsync("gl?");
        await Expect(page).ToHaveURLAsync(new Uri(Site(app), "/operations/users").ToString());

        await page.Context.AddCookiesAsync([
            new()
            {
                Name = "overnight-keys",
                Value = "off",
                Url = Site(app).ToString(),
            },
        ]);
        await page.GotoAsync("/operations");
        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator("dialog#keys")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task P5_RunUnderWay_IsShownAsItGetsOnAndReloadedAtItsEnd()
    {
        TestClock clock = new(Now);
        await using var app = await StartAsync(clock);
        var run = await app.Database.AddRunAsync(Now.AddSeconds(-10), isFinished: false);
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(Site(app), Look.All[0], token);
        await tab.CheckAsync($"/operations/runs/{run}", "operations-run-live");
        await Expect(tab.Page.Locator(".lead")).ToContainTextAsync("600 of 1,000 users");

        await app.Database.ExecuteAsync("update overnight_job_runs set users_processed = 700 where id = $1", run);
        await app.Database.ExecuteAsync("update run_batches set users_processed = 350 where run_id = $1 and status = 'done'", run);
        await TurnUntilAsync("700 of 1,000 users");
        await app.Database.ExecuteAsync(
            "update overnight_job_runs set status = 'completed', completed_at = $2, users_processed = 1000 where id = $1",
            run,
            Now
        );
        await TurnUntilAsync("1,000 users in 10.0");

        Task TurnUntilAsync(string text) =>
            Eventually.TrueAsync(
                async () =>
                {
                    clock.Advance(TimeSpan.FromSeconds(1));
                    return (await tab.Page.Locator(".lead").TextContentAsync())!.Contains(text, StringComparison.Ordinal);
                },
                $"the page says {text}"
            );
    }

    private async Task<ApiApp> StartAsync(TestClock? clock = null) =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            clock ?? new TestClock(Now),
            isListening: true
        );

    private static Uri Site(ApiApp app) => new($"http://127.0.0.1:{app.Http.BaseAddress!.Port}/");
}
