using System.Net;
using Overnight.Core.Notices;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Notices;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5, A10 to A12: deadlines, pauses and notices as pages.</summary>
public sealed class SchedulePageTests(TestServers servers)
{
    private const string Market = "/operations/schedule/markets/NYSE",
        Set = "/operations/schedule/sets/recommendations";

    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A12_Pause_ByTheForm_IsShownWhereverTheScheduleIs_AndIsResumed()
    {
        await using var app = await AppAsync();
        await app.Database.AddHoldingAsync(await app.Database.AddUserAsync());
        await app.Database.ExecuteAsync("insert into user_markets select user_id, 'NYSE' from portfolios");
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        using var paused = await browser.SendAsync(
            await browser.PageAsync(Market),
            $"{Market}/pause",
            ("reason", "data centre moves"),
            ("until", "2026-11-23T12:00")
        );
        Assert.Equal($"{Market}?done=paused", paused.Headers.Location?.OriginalString);
        var page = await browser.PageAsync($"{Market}?done=paused");
        const string said = "by an administrator, until 2026-11-23, 12:00 UTC: data centre moves";
        Assert.Contains(said, page.Words(".alone p:nth-of-type(2)"), StringComparison.Ordinal);
        Assert.Equal("2026-11-23T12:00", page.QuerySelector("input[name=until]")!.GetAttribute("value"));
        foreach (var path in (string[])["/operations/schedule", "/operations"])
            Assert.Contains(said, (await browser.PageAsync(path)).Words("table.cards"), StringComparison.Ordinal);

        using var resumed = await browser.SendAsync(page, $"{Market}/resume");
        using var again = await browser.SendAsync(page, $"{Market}/resume");
        Assert.Equal($"{Market}?done=resumed", resumed.Headers.Location?.OriginalString);
        Assert.Equal($"{Market}?done=not-paused", again.Headers.Location?.OriginalString);
        Assert.DoesNotContain(said, (await browser.PageAsync("/operations/schedule")).Words("main"), StringComparison.Ordinal);
        Assert.Equal(
            [("pause", "paused", (Guid?)admin), ("resume", "resumed", admin), ("resume", "not_paused", admin)],
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.By))
        );
    }

    [Fact]
    public async Task A12_PauseThatCanNotBe_SaysWhyBesideTheFieldAndKeepsWhatWasTyped()
    {
        await using var app = await AppAsync();
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync(Set);
        Assert.Contains("Entries of recommendations are not renewed meanwhile", page.Words(".alone"), StringComparison.Ordinal);

        using var refused = await browser.SendAsync(page, $"{Set}/pause", ("reason", " "), ("until", "2026-11-20T14:00"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var again = await TestBrowser.PageAsync(refused);
        Assert.Equal("Reason must say why, for whoever wonders.", again.Words("#reason-error"));
        Assert.Equal("Until must be to come, and is 2026-11-20, 14:00 UTC.", again.Words("#until-error"));
        Assert.Equal("2026-11-20T14:00", again.QuerySelector("input[name=until]")!.GetAttribute("value"));
        Assert.Empty(await app.Database.ActionsAsync());
    }

    [Fact]
    public async Task A10_Schedule_ShowsTheLatestNightAgainstItsDeadline_AndTheNextOne()
    {
        await using var app = await AppAsync();
        await app.Database.AddHoldingAsync(await app.Database.AddUserAsync());
        await app.Database.ExecuteAsync("insert into user_markets select user_id, 'NYSE' from portfolios");
        await app.Database.ExecuteAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, checked_at)
            values ('NYSE', '2026-11-20', '2026-11-20T12:30Z', '2026-11-20T14:00Z', 'missed', now(), now());
            insert into warm_deadlines (set_name, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at) values
                ('flags', '2026-11-20T12:00Z', '2026-11-20T12:01Z', 'on-time', now(), '2026-11-20T12:00Z', '2026-11-20T12:00Z', now()),
                ('flags', '2026-11-20T13:00Z', '2026-11-20T13:01Z', 'late', now(), '2026-11-20T13:04Z', '2026-11-20T13:04Z', now()),
                ('sessions', '2026-11-20T13:00Z', '2026-11-20T13:05Z', 'missed', now(), null, null, now())
            """
        );
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var schedule = await browser.PageAsync("/operations/schedule");
        var overview = await browser.PageAsync("/operations");

        var row = schedule
            .QuerySelectorAll("table.cards tbody tr")
            .First(row => row.TextContent.Contains("NYSE", StringComparison.Ordinal));
        Assert.Equal("missed", row.QuerySelector(".is-wrong")!.TextContent);
        Assert.Equal("2026-11-23T12:30:00Z", row.QuerySelector("[data-label='Next due'] time")!.GetAttribute("datetime"));
        Assert.Equal("2026-11-23T14:00:00Z", row.QuerySelector("[data-label='Done by'] time")!.GetAttribute("datetime"));
        Assert.Equal("late 3 min after the deadline", Warmed("flags"));
        Assert.Equal("missed", Warmed("sessions"));
        Assert.Equal("", Warmed("recommendations"));
        Assert.Equal("New York Stock Exchange needs a look.", overview.Words("h1"));
        Assert.Contains("misseddue 1 h 40 min ago, and nothing has run", overview.Words("table.lanes"), StringComparison.Ordinal);

        string Warmed(string set) =>
            string.Join(
                ' ',
                (
                    schedule
                        .QuerySelectorAll("section[aria-labelledby=sets] tbody tr")
                        .Single(row => row.QuerySelector("th b")!.TextContent == set)
                        .QuerySelector("[data-label=Warmed] i")
                        ?.TextContent
                    ?? ""
                ).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            );
    }

    [Fact]
    public async Task A11_Notices_AreShownWithTheirDeliveries_AndSentAgain()
    {
        TestClock clock = new(Now);
        await using var app = await AppAsync(clock);
        using Outbox outbox = new(app.Database, clock, "http://127.0.0.1:1/");
        var first = await outbox.AddAsync("night/NYSE/1");
        await outbox.Sender().SendAllAsync("ops", Ct);
        await outbox.AddAsync("run/2", NoticeEvents.RunPartial);
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations/notices");
        var late = await browser.PageAsync("/operations/notices?event=night.late&state=");

        Assert.Equal(["run.partial", "night.late"], page.QuerySelectorAll("table.cards tbody th b").Select(name => name.TextContent));
        var row = Assert.Single(late.QuerySelectorAll("table.cards tbody tr"));
        Assert.Contains("is tried again", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("1 try", row.TextContent, StringComparison.Ordinal);
        Assert.Contains("\"subject\":\"night/NYSE/1\"", row.QuerySelector("code")!.TextContent, StringComparison.Ordinal);
        using var again = await browser.SendAsync(late, $"/operations/notices/{first}/redeliver");
        Assert.Equal("/operations/notices?done=redelivered", again.Headers.Location?.OriginalString);
        Assert.Contains(
            "waiting",
            (await browser.PageAsync("/operations/notices?event=night.late")).Words("table.cards tbody"),
            StringComparison.Ordinal
        );
        Assert.Equal(
            [("redeliver", "scheduled", (Guid?)admin, $"{first}")],
            (await app.Database.ActionsAsync()).Select(logged => (logged.Action, logged.Outcome, logged.By, logged.Target))
        );
        var wrong = await browser.PageAsync("/operations/notices?state=lost", HttpStatusCode.BadRequest);
        Assert.Equal("Delivery must be one of waiting, delivered, failed; it is 'lost'.", wrong.Words("#state-error"));
    }

    private async Task<ApiApp> AppAsync(TestClock? clock = null) =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), clock ?? new TestClock(Now));
}
