using Microsoft.Playwright;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Explanations;
using Overnight.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Overnight.Tests.Pages;

/// <summary>SPEC P: every page in a real browser, wide and narrow, light and dark, printed, and without a script.</summary>
public sealed class BrowserTests(TestServers servers, Browser browser) : IClassFixture<Browser>
{
    private static readonly (string Name, Func<Guid, byte[]>? Entry)[] States =
    [
        ("normal", user => PageEntries.Entry(user)),
        ("large", PageEntries.Large),
        ("older-entry", user => TestResults.Entry(user, generatedAt: "2026-11-20T12:31:00.000Z", ratesAsOf: "2026-11-19T15:00:00Z")),
        ("provisional", user =>
            PageEntries.Entry(user, marks: ",\"pricesStale\":true,\"ratesStale\":false,\"staleSince\":\"2026-11-18T00:00:00Z\"")
        ),
        ("delayed", user =>
            PageEntries.Entry(
                user,
                generatedAt: "2026-11-19T12:31:00.000Z",
                pricesAsOf: "2026-11-18T21:00:00Z",
                ratesAsOf: "2026-11-18T15:00:00Z"
            )
        ),
        ("stale", user =>
            PageEntries.Entry(
                user,
                generatedAt: "2026-11-17T12:31:00.000Z",
                pricesAsOf: "2026-11-16T21:00:00Z",
                ratesAsOf: "2026-11-16T15:00:00Z"
            )
        ),
        ("all-over", user =>
            PageEntries.Entry(
                user,
                [new("AAPL", "Apple", "US shares", 40, 0, -12), new("BND", "Total Bond Market", "Bonds", 40, 0, -8)],
                [new("US shares", 60, 35, 45, 60), new("Bonds", 40, 20, 30, 40)],
                unallocated: 2_500
            )
        ),
        ("no-contribution", user =>
            PageEntries.Entry(user, [.. PageEntries.Holdings.Select(item => item with { Amount = 0 })], contribution: 0)
        ),
        ("nothing-ranked", user => PageEntries.Entry(user, [], [], unallocated: 2_500)),
        ("empty", null),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Looks => [.. Look.All.Select(look => look.Name)];

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task P_Pages_InEachState_HaveNoFaultThatABrowserSees(string look)
    {
        await using var app = await StartAsync();
        await using (var tab = await browser.OpenAsync(Site(app), Look.Of(look)))
        {
            await tab.CheckAsync("/", "sign-in");
            await tab.CheckAsync("/?return=%2Fdashboard.csv", "sign-in-to-go-on");
        }
        foreach (var (name, entry) in States)
        {
            var token = await SignInAsync(app, entry);
            await using var tab = await browser.OpenAsync(Site(app), Look.Of(look), token);
            await tab.CheckAsync("/dashboard", name);
        }
        await using var lost = await browser.OpenAsync(Site(app), Look.Of(look), await SignInAsync(app, null));
        await lost.CheckAsync("/nowhere", "not-found");
        await lost.CheckAsync("/api/runs", "forbidden");
    }

    /// <summary>Over two nights, the later with another contribution.</summary>
    [Theory]
    [MemberData(nameof(Looks))]
    public async Task P3_ExplanationPages_HaveNoFaultThatABrowserSees(string look)
    {
        await using var night = await ExplanationNight.CreateAsync(servers, isListening: true);
        var earlier = await night.RunBeforeAsync();
        var why = await night.GetAsync($"/api/calculations/{night.Run.Id}/why");
        await using var tab = await browser.OpenAsync(Site(night.App), Look.Of(look), night.Token);
        await tab.CheckAsync("/why/current", "why");
        await tab.CheckAsync($"/why/current/{why["holdings"]![0]!["assetId"]}", "why-first");
        await tab.CheckAsync($"/why/current/{why["holdings"]![3]!["assetId"]}", "why-holding");
        await tab.CheckAsync("/changes", "changes");
        await tab.CheckAsync($"/changes?after={earlier.Id}", "changes-of-the-first-night");
        await tab.CheckAsync("/what-if", "what-if");
        await tab.CheckAsync("/what-if?cashClass=none&amount=1000", "what-if-answered");
        await tab.CheckAsync("/what-if?cashClass=none&amount=x", "what-if-refused");
    }

    /// <summary>What to buy, why these, and whether to trust it today, without scrolling.</summary>
    [Theory]
    [InlineData("light-wide", 4)]
    [InlineData("dark-narrow", 2)]
    [InlineData("light-narrow-without-script", 2)]
    public async Task P2_FirstScreen_AnswersTheThreeQuestions(string look, int rows)
    {
        await using var app = await StartAsync();
        await using var tab = await browser.OpenAsync(Site(app), Look.Of(look), await SignInAsync(app, user => PageEntries.Entry(user)));
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
            await using var tab = await browser.OpenAsync(Site(app), Look.All[1] with { Width = 360 }, await SignInAsync(app, entry));
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
        await using var tab = await browser.OpenAsync(Site(app), Look.Of(look));
        var page = tab.Page;
        await page.GotoAsync("/");

        await page.GetByRole(AriaRole.Button, new() { Name = "Demo user" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Uri(Site(app), "/dashboard").ToString());
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
        await using var tab = await browser.OpenAsync(Site(app), Look.All[0], await SignInAsync(app, user => PageEntries.Entry(user)));
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
        await using var tab = await browser.OpenAsync(Site(app), Look.All[0]);
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
            // Friday, half an hour after the night, and before Friday's open.
            isToday ? null : new TestClock(Scheduling.TestMarkets.Utc("2026-11-20T14:10Z")),
            isListening: true
        );

    private static Uri Site(ApiApp app) => new($"http://127.0.0.1:{app.Http.BaseAddress!.Port}/");

    private static async Task<string> SignInAsync(ApiApp app, Func<Guid, byte[]>? entry)
    {
        var (user, token) = await app.Database.SignInAsync();
        if (entry is not null)
            await app.Cache.StringSetAsync(CacheKeys.Recommendations(user), entry(user));
        return token;
    }
}
