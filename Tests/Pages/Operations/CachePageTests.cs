using System.Net;
using Overnight.Api.Admin;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5: warm sets, the cache's figures and curves, and the providers.</summary>
public sealed class CachePageTests(TestServers servers)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_OfTickedSets_WarmsThemAndShowsHowItEnded()
    {
        await using var app = await AppAsync();
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync("/operations/warming");
        Assert.Contains("never", page.Words("table.cards tbody"), StringComparison.Ordinal);

        using var warmed = await browser.SendAsync(page, "/operations/warming", ("set", "sessions"), ("count", ""));

        Assert.Equal("/operations/warming?done=warmed", warmed.Headers.Location?.OriginalString);
        var after = await browser.PageAsync("/operations/warming?done=warmed");
        var row = after.QuerySelectorAll("table.cards tbody tr").Single(row => row.QuerySelector("b")!.TextContent == "sessions");
        Assert.Contains("completed", row.TextContent, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(row.QuerySelector("a")!.GetAttribute("href")!)).StatusCode);
        Assert.Equal(
            [("warm", "started", (Guid?)admin)],
            (await app.Database.ActionsAsync()).Select(logged => (logged.Action, logged.Outcome, logged.By))
        );

        using var refused = await browser.SendAsync(page, "/operations/warming", ("set", "sessions"), ("count", "many"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var again = await TestBrowser.PageAsync(refused);
        Assert.Contains("count must be a whole number", again.Words("[role=alert]"), StringComparison.Ordinal);
        Assert.Equal("many", again.QuerySelector("input[name=count]")!.GetAttribute("value"));
        Assert.Equal(["sessions"], again.QuerySelectorAll("input[name=set][checked]").Select(set => set.GetAttribute("value")));
    }

    /// <summary>SPEC A12: a pause is shown wherever the schedule is, and nothing is said to be warmed during it.</summary>
    [Fact]
    public async Task A12_PausedSet_IsShownAsPausedByThePageTheOverviewAndTheApi()
    {
        await using var app = await AppAsync();
        var (_, token) = await app.Database.SignInAsync("admin");
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        using (
            var warmed = await browser.SendAsync(
                await browser.PageAsync("/operations/warming"),
                "/operations/warming",
                ("set", "recommendations")
            )
        )
            Assert.Equal(HttpStatusCode.Redirect, warmed.StatusCode);
        var next = await NextAsync();
        Assert.NotNull(next);
        var pauses = app.Get<SchedulePauses>();

        await pauses.PauseAsync(ScheduleKind.Set, "recommendations", "import", next.Value.AddHours(1), Actor.Command, Ct);
        Assert.Equal(next.Value.AddHours(1), await NextAsync());
        await pauses.PauseAsync(ScheduleKind.Set, "recommendations", "import", null, Actor.Command, Ct);
        Assert.Null(await NextAsync());

        var row = (await browser.PageAsync("/operations/warming"))
            .QuerySelectorAll("table.cards tbody tr")
            .Single(row => row.QuerySelector("b")!.TextContent == "recommendations");
        Assert.Contains("pausedby a command, until it is resumed: import", row.TextContent, StringComparison.Ordinal);
        Assert.Equal("paused", row.QuerySelector("[data-label=Next]")!.TextContent.Trim());
        var card = (await browser.PageAsync("/operations")).Words("section[aria-labelledby=warming]");
        Assert.Contains("recommendations: paused by a command, until it is resumed: import", card, StringComparison.Ordinal);
        Assert.DoesNotContain("Next:", card, StringComparison.Ordinal);

        async Task<DateTimeOffset?> NextAsync()
        {
            using var answer = await app.GetAsync("/api/admin/cache/sets", token, Ct);
            var set = (await answer.JsonAsync())
                .GetProperty("items")
                .EnumerateArray()
                .Single(item => item.GetProperty("set").GetString() == "recommendations");
            return set.GetProperty("next").ValueKind == System.Text.Json.JsonValueKind.Null
                ? null
                : set.GetProperty("next").GetDateTimeOffset();
        }
    }

    [Fact]
    public async Task Invalidate_AsksFirst_AndRefusesAsTheApiDoes()
    {
        await using var app = await AppAsync();
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync("/operations/cache");

        using var nothing = await browser.SendAsync(page, "/operations/cache/invalidate", ("pattern", ""), ("tenantId", ""));
        using var unknown = await browser.SendAsync(page, "/operations/cache/invalidate", ("pattern", "nothing:*"));
        using var asked = await browser.SendAsync(page, "/operations/cache/invalidate", ("pattern", "finance:*"), ("tenantId", ""));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest), (nothing.StatusCode, unknown.StatusCode));
        Assert.Contains(
            "pattern must be module:entity",
            (await TestBrowser.PageAsync(unknown)).Words("[role=alert]"),
            StringComparison.Ordinal
        );
        Assert.Empty(await app.Database.ActionsAsync());
        var question = await TestBrowser.PageAsync(asked);
        Assert.Equal("Read reference data of every tenant again?", question.Words("h1"));
        using var done = await browser.SendAsync(question, "/operations/cache/invalidate");
        Assert.Equal("/operations/cache?done=invalidated", done.Headers.Location?.OriginalString);
        Assert.Equal(
            [("invalidate", "invalidated", (Guid?)admin)],
            (await app.Database.ActionsAsync()).Select(logged => (logged.Action, logged.Outcome, logged.By))
        );
    }

    [Fact]
    public async Task Minutes_AreKeptForAWeek_AddedUpOverNodes_AndLeftOutWhereNothingWasAsked()
    {
        TestClock clock = new(Now);
        await using var app = await AppAsync(clock);
        var minutes = app.Get<CacheMinutes>();
        var statistics = app.Get<CacheTelemetry>().Statistics;
        await minutes.WriteAsync(Ct);
        Assert.Equal(0, await app.Database.ScalarAsync<long>("select count(*) from cache_minutes"));
        await app.Database.ExecuteAsync(
            "insert into cache_minutes values ($1, gen_random_uuid(), 30, 0, 10, 1, 0, 2.0), ($2, gen_random_uuid(), 1, 0, 1, 1, 1, null)",
            Now,
            Now.AddDays(-7).AddMinutes(-1)
        );

        for (var read = 0; read < 10; read++)
            statistics.Read(CacheSet.Results, CacheOutcome.Hit);
        statistics.Answered(TimeSpan.FromMilliseconds(4));
        await minutes.WriteAsync(Ct);
        var (_, token) = await app.Database.SignInAsync("admin");
        clock.Advance(TimeSpan.FromMinutes(1));
        using var answer = await app.GetAsync("/api/admin/cache/history?hours=1", token, Ct);

        var item = Assert.Single((await answer.JsonAsync()).GetProperty("items").EnumerateArray());
        Assert.Equal(
            ("2026-11-20T14:10:00.000Z", 40, 10, 0.8, 2.5),
            (
                item.GetProperty("at").GetString(),
                item.GetProperty("hits").GetInt32(),
                item.GetProperty("misses").GetInt32(),
                item.GetProperty("hitRate").GetDouble(),
                item.GetProperty("hitMs").GetDouble()
            )
        );
        // That of before the week is gone.
        Assert.Equal(0, await app.Database.ScalarAsync<long>("select count(*) from cache_minutes where minute < $1", Now.AddDays(-7)));
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync("/operations/cache?hours=3");
        Assert.StartsWith("80.0 % lowest 80.0 %", page.Words("section[aria-labelledby=hit-rate] .big"), StringComparison.Ordinal);
        Assert.StartsWith(
            "M",
            page.QuerySelector("section[aria-labelledby=hit-rate] path.line")!.GetAttribute("d"),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0, 0, "nothing yet No entry was compared")]
    [InlineData(12_480, 0, "same 0 of 12,480 entries differ, the last compared ")]
    [InlineData(12_480, 2, "differs 2 of 12,480 entries differ, the last compared ")]
    public async Task Comparison_SaysHowManyCachedResultsDifferAndSinceWhen(long compared, long differing, string expected)
    {
        await using var app = await AppAsync();
        if (compared > 0)
            await app.Database.ExecuteAsync(
                "update cache_truth set compared = $1, differing = $2, last_at = $3, last_differing_at = case when $2 > 0 then $3 end",
                compared,
                differing,
                Now.AddHours(-1)
            );
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations/cache");

        Assert.StartsWith(expected, page.Words("section[aria-labelledby=comparison] p"), StringComparison.Ordinal);
        Assert.Equal(
            Enumerable.Repeat(
                "2026-11-20T13:10:00Z",
                compared == 0 ? 0
                    : differing == 0 ? 1
                    : 2
            ),
            page.QuerySelectorAll("section[aria-labelledby=comparison] time").Select(time => time.GetAttribute("datetime"))
        );
    }

    [Fact]
    public async Task Providers_SayWhatTheyDeliveredWhyNotAndSinceWhen()
    {
        await using var app = await AppAsync();
        ProviderReport failed = new("prices", "stooq", ProviderOutcome.Failed, "http_status", "429");
        var before = await app.Database.AddRunAsync(Now.AddHours(-4));
        await app.Database.AddProvidersAsync(before, failed with { Outcome = ProviderOutcome.Used, Reason = null, Detail = null });
        foreach (var hours in (int[])[3, 2, 1])
            await app.Database.AddProvidersAsync(
                await app.Database.AddRunAsync(Now.AddHours(-hours)),
                new ProviderReport("rates", "ecb", ProviderOutcome.Used, Values: 30),
                failed
            );
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations/providers");

        var rows = page.QuerySelectorAll("table.cards tbody tr");
        Assert.Equal(2, rows.Length);
        Assert.Contains("http status: 429", rows[1].TextContent, StringComparison.Ordinal);
        Assert.Equal("2026-11-20T11:10:00Z", rows[1].QuerySelector("time")!.GetAttribute("datetime"));
        Assert.Contains("used", rows[0].TextContent, StringComparison.Ordinal);
    }

    private async Task<ApiApp> AppAsync(TestClock? clock = null) =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), clock ?? new TestClock(Now));
}
