using Microsoft.Playwright;
using Overnight.Core.Runs;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P: the operations pages in a real browser, wide and narrow, light and dark, printed, and without a script.</summary>
public sealed class OperationsBrowserTests(TestServers servers, Browser browser) : IClassFixture<Browser>
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Looks => [.. Look.All.Select(look => look.Name)];

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task P5_Pages_HaveNoFaultThatABrowserSees(string look)
    {
        await using var app = await StartAsync();
        await using (var empty = await browser.OpenAsync(Site(app), Look.Of(look), (await app.Database.SignInAsync("admin")).Token))
            await empty.CheckAsync("/operations", "operations-empty");
        var (run, user) = await FillAsync(app);
        var (_, token) = await app.Database.SignInAsync("admin");
        await using var tab = await browser.OpenAsync(Site(app), Look.Of(look), token);
        (string Path, string Name)[] pages =
        [
            ("/operations", "operations"),
            ("/operations/runs", "operations-runs"),
            ($"/operations/runs/{run}", "operations-run"),
            ("/operations/runs/new", "operations-run-new"),
            ("/operations/warming", "operations-warming"),
            ("/operations/cache", "operations-cache"),
            ("/operations/providers", "operations-providers"),
            ("/operations/flags", "operations-flags"),
            ("/operations/flags/pricing.limit", "operations-flag"),
            ("/operations/users", "operations-users"),
            ($"/operations/users/{user}", "operations-user"),
            ("/operations/log", "operations-log"),
            ("/operations/keys", "operations-keys"),
        ];
        foreach (var (path, name) in pages)
            await tab.CheckAsync(path, name);

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

    private static async Task<(Guid Run, Guid User)> FillAsync(ApiApp app)
    {
        var database = app.Database;
        var (user, _) = await database.SignInAsync();
        await database.AddHoldingAsync(user);
        await database.ExecuteAsync("insert into user_markets select $1, code from markets where code in ('NYSE', 'XETRA', 'TSE')", user);
        await database.ExecuteAsync(
            "insert into worker_heartbeats values (gen_random_uuid(), 'worker-1', 4711, $1, $2)",
            Now.AddHours(-9),
            Now
        );
        for (var day = 1; day < 9; day++)
            await database.AddRunAsync(Now.AddDays(-day), date: $"2026-11-{19 - day:00}");
        await database.AddRunAsync(new(2026, 11, 20, 7, 0, 0, TimeSpan.Zero), "XETRA");
        var run = await database.AddRunAsync(Now.AddMinutes(-40), failed: 3);
        await database.AddProvidersAsync(
            run,
            new("rates", "ecb", ProviderOutcome.Used, Values: 30, TookMs: 412),
            new("prices", "stooq", ProviderOutcome.Failed, "rate_limited", "429, tries again in 600 s", TookMs: 1_203),
            new(
                "prices",
                "stored",
                ProviderOutcome.Stale,
                Values: 502,
                Refused: 2,
                Refusals: [new("AAPL", "too_old", "of 2026-11-12"), new("BND", "out_of_range", null)],
                StaleSince: Now.AddDays(-2)
            )
        );
        for (var minute = 0; minute < 150; minute++)
        {
            if (minute is > 60 and < 66)
                continue;
            await database.ExecuteAsync(
                "insert into cache_minutes values ($1, '019a0000-0000-7000-8000-000000000001', $2, 0, $3, 20, 0, $4)",
                Now.AddMinutes(-minute - 1),
                4_000 + (minute * 37 % 900),
                minute is > 50 and < 61 ? 900 : 25 + (minute % 7),
                0.4 + (minute % 11 * 0.03)
            );
        }
        await database.AddFlagAsync("development", "dashboard.explanations");
        await database.AddFlagAsync("development", "pricing.limit", enabled: false, value: "5", count: 1_204, accessed: Now);
        var (_, token) = await database.SignInAsync("admin");
        (await app.PatchFlagAsync("pricing.limit", token, """{"value":6}""")).Dispose();
        return (run, user);
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
