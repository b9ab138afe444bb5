using Microsoft.Playwright;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;
using static Microsoft.Playwright.Assertions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P: what administrators do on the operations pages, in a real browser.</summary>
public sealed class OperationsBrowserTests(TestServers servers, Browser browser)
{
    private static readonly DateTimeOffset Now = PageStates.Now;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P5_Keys_GoToPagesOutsideFieldsAlone_AndNotWhereSwitchedOff()
    {
        await using var app = await StartAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(app.Site(), Look.All[0], token);
        var page = tab.Page;
        await page.GotoAsync("/operations");

        await page.Keyboard.PressAsync("?");
        await Expect(page.Locator("dialog#keys")).ToBeVisibleAsync();
        await tab.CheckAsync("operations-keys-dialog");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("dialog#keys")).ToBeHiddenAsync();
        await page.Keyboard.PressAsync("g");
        await page.Keyboard.PressAsync("u");
        await Expect(page).ToHaveURLAsync(new Uri(app.Site(), "/operations/users").ToString());

        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("input[name=query]")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync("gl?");
        await Expect(page.Locator("input[name=query]")).ToHaveValueAsync("gl?");
        await Expect(page).ToHaveURLAsync(new Uri(app.Site(), "/operations/users").ToString());

        await page.Context.AddCookiesAsync([
            new()
            {
                Name = "overnight-keys",
                Value = "off",
                Url = app.Site().ToString(),
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
        await using var tab = await browser.OpenAsync(app.Site(), Look.All[0], token);
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

    [Fact]
    public async Task A12_EndOfAPause_IsTypedAndShownInTheReadersTimeZone_AndKeptInUtc()
    {
        await using var app = await StartAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(app.Site(), Look.All[0], token);
        var page = tab.Page;
        await page.GotoAsync("/operations/schedule/markets/LSE");

        await page.GetByLabel("Reason").FillAsync("data centre moves");
        await page.GetByLabel("Until").FillAsync("2026-11-23T07:00");
        await page.GetByRole(AriaRole.Button, new() { Name = "Pause the schedule" }).ClickAsync();

        await Expect(page.Locator(".alone")).ToContainTextAsync("until 23/11/2026, 07:00: data centre moves");
        await Expect(page.GetByLabel("Until")).ToHaveValueAsync("2026-11-23T07:00");
        await Expect(page.Locator("#until-hint")).ToHaveTextAsync("In your time zone; empty for until it is resumed");
        const string kept = "select count(*) from schedule_pauses where until_at = '2026-11-23T06:00Z'";
        Assert.Equal(1, await app.Database.ScalarAsync<long>(kept));
    }

    private async Task<ApiApp> StartAsync(TestClock? clock = null) =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            clock ?? new TestClock(Now),
            isListening: true
        );
}
