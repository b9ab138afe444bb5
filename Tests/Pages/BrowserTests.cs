using Microsoft.Playwright;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P: what people do on the pages, in a real browser.</summary>
public sealed class BrowserTests(TestServers servers, Browser browser)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC C2, C3: what is in the cache is shown whole, and what is not is a page that says so.</summary>
    [Fact]
    public async Task P_Pages_WhileStoresAreAway_HaveNoFaultThatABrowserSees()
    {
        var postgres = await servers.StartPostgresAsync(Ct);
        var cache = await servers.StartCacheAsync(Ct);
        var database = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "overnight", Ct);
        await using ApiApp app = new(database, cache.ConnectionString, new TestClock(PageStates.Now), isListening: true);
        PageStateData data = new(app.Database, app.Cache, PageStates.Now);
        var states = PageStates.All.Where(state => state.Stores != Stores.Both).ToList();
        List<(PageState State, string Path, string? Token)> prepared = [];
        foreach (var state in states)
        {
            var (path, token) = await state.PrepareAsync(data);
            prepared.Add((state, path, token));
            // What the node has in memory, it shows without the cache too; who was never here is refused then.
            if (state.Stores == Stores.CacheAlone)
                (await app.GetAsync(path, token, Ct)).Dispose();
        }

        await postgres.StopAsync();
        await CheckAllAsync(Stores.CacheAlone);
        await cache.DisposeAsync();
        await CheckAllAsync(Stores.Neither);

        async Task CheckAllAsync(Stores stores)
        {
            foreach (var (state, path, token) in prepared.Where(one => one.State.Stores == stores))
            {
                // Who needs PostgreSQL notices it; on this clock no loop does.
                await Eventually.TrueAsync(
                    async () =>
                    {
                        (await app.GetAsync("/history", token, Ct)).Dispose();
                        using var answer = await app.GetAsync(path, token, Ct);
                        return stores == Stores.Neither
                            || (await answer.Content.ReadAsStringAsync(Ct)).Contains("class=\"outage\"", StringComparison.Ordinal);
                    },
                    "the node has noticed that a store is away"
                );
                foreach (var look in Look.All)
                {
                    await using var tab = await browser.OpenAsync(app.Site(), look);
                    await tab.CheckAsync(state, (path, token));
                }
            }
        }
    }

    /// <summary>What to buy, why these, and whether to trust it today, without scrolling.</summary>
    [Theory]
    [InlineData("light-wide", 4)]
    [InlineData("dark-narrow", 2)]
    [InlineData("light-narrow-without-script", 2)]
    public async Task P2_FirstScreen_AnswersTheThreeQuestions(string look, int rows)
    {
        await using var app = await StartAsync();
        await using var tab = await browser.OpenAsync(app.Site(), Look.Of(look), await SignInAsync(app, user => PageEntries.Entry(user)));
        await tab.Page.GotoAsync("/dashboard");
        var height = Look.Of(look).Height;
        foreach (var part in (string[])["h1", ".lead", ".trust p", ".trust p + p", "#buy", $"table.cards tbody tr:nth-child({rows})"])
        {
            var box = await tab.Page.Locator(part).First.BoundingBoxAsync();
            Assert.True(box!.Y + box.Height <= height, $"{part} ends at {box.Y + box.Height:N0} of {height} pixels.");
        }
    }

    [Fact]
    public async Task P_NarrowestPage_360Pixels_IsNotWiderThanItsWindow()
    {
        await using var app = await StartAsync();
        foreach (var entry in (Func<Guid, byte[]>[])[user => PageEntries.Entry(user), PageEntries.Large])
        {
            await using var tab = await browser.OpenAsync(app.Site(), Look.All[1] with { Width = 360 }, await SignInAsync(app, entry));
            await tab.CheckAsync("/dashboard", "narrowest");
        }
    }

    /// <summary>In the worst case too: no script, and the whole way by forms.</summary>
    [Theory]
    [InlineData("light-wide")]
    [InlineData("light-narrow-without-script")]
    public async Task P1_OneClick_SignsInAndOutAgain(string look)
    {
        await using var app = await StartAsync(isToday: true);
        await app.Database.AddDemoAccountsAsync();
        await using var tab = await browser.OpenAsync(app.Site(), Look.Of(look));
        var page = tab.Page;
        await page.GotoAsync("/");

        await page.GetByRole(AriaRole.Button, new() { Name = "Demo user" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Uri(app.Site(), "/dashboard").ToString());
        await tab.CheckAsync("demo-user");
        await page.GetByText("Display").ClickAsync();
        await page.GetByLabel("Dark").CheckAsync();
        await page.GetByLabel("Numbers and dates").SelectOptionAsync("de-DE");
        await tab.CheckAsync("menu");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apply" }).ClickAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-formats", "de-DE");
        await tab.CheckAsync("chosen-dark");

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await page.GotoAsync("/dashboard");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task P_WithTheScript_TimesAreLocalTheTextIsCopiedAndTheThemeIsSeenAtOnce()
    {
        await using var app = await StartAsync();
        await using var tab = await browser.OpenAsync(app.Site(), Look.All[0], await SignInAsync(app, user => PageEntries.Entry(user)));
        var page = tab.Page;
        await page.GotoAsync("/dashboard");

        await Expect(page.Locator("time").First).ToHaveTextAsync("20/11/2026, 13:31");
        await page.GetByRole(AriaRole.Link, new() { Name = "Copy as text" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Copied as text.");
        Assert.StartsWith(
            "Overnight, 20/11/2026",
            await page.EvaluateAsync<string>("navigator.clipboard.readText()"),
            StringComparison.Ordinal
        );

        await page.GetByText("Display").ClickAsync();
        await page.GetByLabel("Dark").CheckAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("details.menu")).Not.ToHaveAttributeAsync("open", "");
        await Expect(page.Locator("summary", new() { HasText = "Display" })).ToBeFocusedAsync();
    }

    /// <summary>A page of ours in a frame or with a script of another's is what the policy is against.</summary>
    [Fact]
    public async Task P_ContentPolicy_BlocksInlineScriptsAndStyles()
    {
        await using var app = await StartAsync();
        await using var tab = await browser.OpenAsync(app.Site(), Look.All[0]);
        await tab.Page.GotoAsync("/");

        var blocked = await tab.Page.EvaluateAsync<string[]>(
            """
            () => new Promise(done => {
              const seen = [];
              document.addEventListener("securitypolicyviolation", e => { seen.push(e.effectiveDirective); if (seen.length === 2) done(seen.sort()); });
              const script = document.createElement("script"); script.textContent = "window.evil = 1"; document.body.append(script);
              const style = document.createElement("style"); style.textContent = "*{color:red}"; document.head.append(style);
            })
            """
        );

        Assert.Equal(["script-src-elem", "style-src-elem"], blocked);
        Assert.Null(await tab.Page.EvaluateAsync<int?>("window.evil"));
    }

    /// <param name="isToday">For a cookie that the api sets, which the browser drops by its own clock.</param>
    private async Task<ApiApp> StartAsync(bool isToday = false) =>
        new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            isToday ? null : new TestClock(PageStates.Now),
            isListening: true
        );

    private static async Task<string> SignInAsync(ApiApp app, Func<Guid, byte[]>? entry)
    {
        var (user, token) = await app.Database.SignInAsync();
        if (entry is not null)
            await app.Cache.StringSetAsync(CacheKeys.Recommendations(user), entry(user));
        return token;
    }
}
