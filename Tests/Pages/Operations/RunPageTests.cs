using System.Net;
using System.Text.Json;
using Overnight.Api.Audit;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5: runs, one of them as a waterfall, live, and its retry.</summary>
public sealed class RunPageTests(TestServers servers)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Overview_SaysWhatNeedsALookAndWhatComesNext()
    {
        await using var app = await AppAsync();
        await app.Database.AddHoldingAsync(await app.Database.AddUserAsync());
        await app.Database.ExecuteAsync("insert into user_markets select user_id, 'NYSE' from portfolios");
        await app.Database.AddRunAsync(Now.AddMinutes(-40), failed: 2);
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations");

        Assert.Equal("New York Stock Exchange needs a look.", page.Words("h1"));
        var lane = page.QuerySelectorAll("table.lanes tbody tr").Single(row => row.TextContent.Contains("NYSE", StringComparison.Ordinal));
        Assert.Contains(
            "partial2 of 1,000 users failed, done in 18.2 s, 29 min 41 s before the deadline",
            Words(lane),
            StringComparison.Ordinal
        );
        Assert.Single(lane.QuerySelectorAll("rect.failed"));
        Assert.Equal("NYSE, 2026-11-20", page.Words("section[aria-labelledby=run] .big"));
        Assert.Contains("No jobs process was heard", page.Words("section[aria-labelledby=findings]"), StringComparison.Ordinal);
        Assert.Contains("prices dated in the future", page.Words("section[aria-labelledby=findings] .notes"), StringComparison.Ordinal);
        Assert.Matches("^The next night is that of .*, due [0-9]", page.Words(".lead"));

        await app.Database.ExecuteAsync("insert into worker_heartbeats values (gen_random_uuid(), 'host-1', 42, $1, $1)", Now);
        Assert.Contains(
            "host-1",
            (await browser.PageAsync("/operations")).Words("section[aria-labelledby=workers]"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Overview_NightThatIsDueAndWasNotStarted_IsWrong()
    {
        await using var app = await AppAsync();
        await app.Database.AddHoldingAsync(await app.Database.AddUserAsync());
        await app.Database.ExecuteAsync("insert into user_markets select user_id, 'NYSE' from portfolios");
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations");

        Assert.Contains("not started", page.Words("table.lanes"), StringComparison.Ordinal);
        Assert.Equal("New York Stock Exchange needs a look.", page.Words("h1"));
    }

    [Fact]
    public async Task Runs_FilteredAndPaged_ShowEachOnce()
    {
        await using var app = await AppAsync();
        for (var run = 0; run < 53; run++)
            await app.Database.AddRunAsync(Now.AddHours(-run), failed: run == 3 ? 1 : 0);
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var first = await browser.PageAsync("/operations/runs?kind=&market=NYSE&date=&status=");
        var second = await browser.PageAsync(first.QuerySelector(".pager a[rel=next]")!.GetAttribute("href")!);
        var partial = await browser.PageAsync("/operations/runs?status=partial");

        Assert.Equal((50, 3), (Rows(first), Rows(second)));
        Assert.Null(second.QuerySelector(".pager a[rel=next]"));
        Assert.Equal("/operations/runs?market=NYSE", second.QuerySelector(".pager a")!.GetAttribute("href"));
        Assert.Equal(1, Rows(partial));
        Assert.Equal("No run is like that.", (await browser.PageAsync("/operations/runs?status=failed")).Words(".card .quiet"));

        static int Rows(AngleSharp.Dom.IDocument page) => page.QuerySelectorAll("table.cards tbody tr").Length;
    }

    [Fact]
    public async Task Run_WithFailures_ShowsItsStepsBatchesAndWhomItFailed()
    {
        await using var app = await AppAsync();
        var run = await app.Database.AddRunAsync(Now.AddMinutes(-40), failed: 2);
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync($"/operations/runs/{run}");

        Assert.Equal("NYSE, 2026-11-20", page.Words("h1"));
        Assert.Equal("partial 998 users in 18.2 s, 2 failed.", page.Words(".lead"));
        Assert.Equal(
            ["Exchange rates400 ms", "Prices1.1 s", "Plan500 ms", "Users15.8 s", "2 batches", "2 batches", "Finish200 ms"],
            page.QuerySelectorAll(".waterfall tbody tr").Select(Words)
        );
        var bars = page.QuerySelectorAll(".waterfall tbody tr.batches").Select(row => row.QuerySelectorAll("rect").Length);
        Assert.Equal([2, 2], bars);
        Assert.Single(page.QuerySelectorAll(".waterfall rect.failed"));
        Assert.Equal("10.99%", page.QuerySelector(".waterfall tbody tr:nth-child(4) rect")!.GetAttribute("x"));
        Assert.Equal(2, page.QuerySelectorAll("section[aria-labelledby=failures] tbody tr").Length);
        Assert.Contains("missing exchange rateJPY to USD", page.Words("section[aria-labelledby=failures]"), StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("[data-live]"));
    }

    [Fact]
    public async Task Retry_ByTheButton_IsTheRouteOfTheApi_AndASecondOneAConflict()
    {
        await using var app = await AppAsync();
        var run = await app.Database.AddRunAsync(Now.AddMinutes(-40), failed: 2);
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync($"/operations/runs/{run}");

        using var started = await browser.SendAsync(page, $"/operations/runs/{run}/retry");
        using var again = await browser.SendAsync(page, $"/operations/runs/{run}/retry");

        Assert.Equal(HttpStatusCode.Redirect, started.StatusCode);
        var shown = await browser.PageAsync(started.Headers.Location!.OriginalString);
        Assert.Equal("The retry was started as a run of its own, this one.", shown.Words(".done"));
        Assert.Contains("Revision 2, started by retry", shown.Words(".eyebrow"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.Equal("A run is under way", (await TestBrowser.PageAsync(again)).Words("h1"));
        Assert.Equal(
            [("retry", "started", (Guid?)admin, $"{run}")],
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.By, row.Target))
        );
    }

    [Fact]
    public async Task Start_ByTheForm_StartsJoinsAndRefusesAsTheApiDoes()
    {
        await using var app = await AppAsync();
        await app.Database.ExecuteAsync("insert into markets (code, name) values ('NYSE', 'NYSE') on conflict do nothing");
        var (browser, admin) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync("/operations/runs/new");

        using var started = await browser.SendAsync(page, "/operations/runs", ("market", "NYSE"), ("date", ""));
        using var joined = await browser.SendAsync(page, "/operations/runs", ("market", "NYSE"), ("date", "2026-11-20"));
        using var refused = await browser.SendAsync(page, "/operations/runs", ("market", "NYSE"), ("date", "2026-11-22"));

        Assert.EndsWith("?done=started", started.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.EndsWith("?done=joined", joined.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        var again = await TestBrowser.PageAsync(refused);
        Assert.Contains("is no trading day of NYSE", again.Words("[role=alert]"), StringComparison.Ordinal);
        Assert.Equal("2026-11-22", again.QuerySelector("input[name=date]")!.GetAttribute("value"));
        Assert.Equal(
            [("run", "started", (Guid?)admin), ("run", "joined", (Guid?)admin)],
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.By))
        );
    }

    [Fact]
    public async Task Live_RunUnderWay_TellsEachChangeAndItsEnd()
    {
        TestClock clock = new(Now);
        await using var app = await AppAsync(clock);
        var run = await app.Database.AddRunAsync(Now.AddSeconds(-10), isFinished: false);
        var (_, token) = await app.Database.SignInAsync("admin");
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;
        var page = await browser.PageAsync($"/operations/runs/{run}");
        Assert.Equal($"/api/runs/{run}/live", page.QuerySelector("[data-live]")!.GetAttribute("data-live"));
        Assert.Equal($"/operations/runs/{run}", page.QuerySelector("[data-reload]")!.GetAttribute("href"));
        Assert.Null(page.QuerySelector($"form[action='/operations/runs/{run}/retry']"));

        using HttpRequestMessage request = new(HttpMethod.Get, $"/api/runs/{run}/live");
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await app.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        using StreamReader events = new(await answer.Content.ReadAsStreamAsync(Ct));
        Assert.Equal(("progress", 600), await NextAsync(events));

        await app.Database.ExecuteAsync("update overnight_job_runs set users_processed = 700 where id = $1", run);
        Assert.Equal(("progress", 700), await TurnAsync(NextAsync(events)));
        await app.Database.ExecuteAsync(
            "update overnight_job_runs set status = 'completed', completed_at = $2, users_processed = 1000 where id = $1",
            run,
            Now
        );
        Assert.Equal(("finished", 1000), await TurnAsync(NextAsync(events)));
        Assert.Empty((await events.ReadToEndAsync(Ct)).Trim());

        async Task<(string, int)> TurnAsync(Task<(string, int)> next)
        {
            await Eventually.TrueAsync(
                () =>
                {
                    clock.Advance(RunLive.Interval);
                    return Task.FromResult(next.IsCompleted);
                },
                "the change is told"
            );
            return await next;
        }
    }

    [Fact]
    public async Task Timeline_OfARunThatIsNotThere_Is404_AndHasTheStepsOfOneThatIs()
    {
        await using var app = await AppAsync();
        var run = await app.Database.AddRunAsync(Now.AddMinutes(-40));
        var (_, token) = await app.Database.SignInAsync("admin");

        using var missing = await app.GetAsync($"/api/runs/{Guid.NewGuid()}/timeline", token, Ct);
        using var found = await app.GetAsync($"/api/runs/{run}/timeline", token, Ct);

        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        var timeline = await found.JsonAsync();
        Assert.Equal(
            ["rates", "prices", "plan", "users", "finish"],
            timeline.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("name").GetString())
        );
        Assert.Equal(
            [2000d, 3000, 10000, 10000],
            timeline.GetProperty("batches").EnumerateArray().Select(batch => batch.GetProperty("fromMs").GetDouble())
        );
    }

    private static async Task<(string Name, int Processed)> NextAsync(StreamReader events)
    {
        var name = "";
        while (await events.ReadLineAsync(Ct) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line["event: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                return (name, JsonElement.Parse(line["data: ".Length..]).GetProperty("usersProcessed").GetInt32());
        }
        throw new EndOfStreamException();
    }

    private static string Words(AngleSharp.Dom.IElement element) =>
        string.Join(' ', element.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private async Task<ApiApp> AppAsync(TestClock? clock = null) =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), clock ?? new TestClock(Now));
}
