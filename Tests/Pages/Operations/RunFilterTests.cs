using System.Net;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Operations;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pages.Operations;

/// <summary>SPEC P5, A10: runs by the state of their night, a filter that can't be, and runs that no page expects.</summary>
public sealed class RunFilterTests(TestServers servers)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 20, 14, 10, 0, TimeSpan.Zero);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC A10: a run's night against its deadline is in the list, on its page, and a filter.</summary>
    [Fact]
    public async Task A10_Runs_ByTheStateOfTheirNight_AreShownWithIt()
    {
        await using var app = await AppAsync();
        var late = await app.Database.AddRunAsync(Now.AddMinutes(-40));
        await app.Database.AddRunAsync(Now.AddDays(-1), date: "2026-11-19");
        await app.Database.ExecuteAsync(
            """
            insert into nights (market, business_date, due_at, deadline_at, state, since, forecast_at, finished_at, checked_at)
            values ('NYSE', '2026-11-20', '2026-11-20T12:30Z', '2026-11-20T13:00Z', 'late', now(), '2026-11-20T13:12Z', '2026-11-20T13:12Z', now())
            """
        );
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations/runs?state=late");
        var none = await browser.PageAsync("/operations/runs?state=missed&kind=scoring");
        var one = await browser.PageAsync($"/operations/runs/{late}");

        var row = Assert.Single(page.QuerySelectorAll("table.cards tbody tr"));
        Assert.Contains("late, 12 min after the deadline", Words(row), StringComparison.Ordinal);
        Assert.Equal("late", page.QuerySelector("select[name=state] option[selected]")!.GetAttribute("value"));
        Assert.Equal("No run is like that.", none.Words(".card .quiet"));
        Assert.Contains("Its nightlate, 12 min after the deadline", one.Words("#facts ~ dl"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_WithAFilterThatCanNotBe_ShowTheFormWithAnErrorBesideEachField()
    {
        await using var app = await AppAsync();
        await app.Database.AddRunAsync(Now.AddMinutes(-40));
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync("/operations/runs?kind=x&date=tomorrow&state=tired&market=NYSE", HttpStatusCode.BadRequest);

        Assert.Equal(
            ["kind-error", "date-error", "state-error"],
            page.QuerySelectorAll(".field-error").Select(error => error.GetAttribute("id"))
        );
        Assert.Equal("Kind must be one of scoring, recommendations, cache-warm; it is 'x'.", page.Words("#kind-error"));
        Assert.EndsWith("missed; it is 'tired'.", page.Words("#state-error"), StringComparison.Ordinal);
        // A date field shows no other text, so the error holds what was given.
        Assert.Contains("tomorrow", page.Words("#date-error"), StringComparison.Ordinal);
        Assert.Null(page.QuerySelector("input[name=date]")!.GetAttribute("value"));
        Assert.Equal("NYSE", page.QuerySelector("select[name=market] option[selected]")!.GetAttribute("value"));
        Assert.Null(page.QuerySelector("table.cards"));
    }

    /// <summary>One user in 11 days: what is left of it is longer than a duration can be.</summary>
    [Fact]
    public async Task Run_ThatHangs_HasAPage()
    {
        await using var app = await AppAsync();
        var run = await app.Database.AddRunAsync(Now.AddDays(-11), isFinished: false);
        await app.Database.ExecuteAsync("update run_batches set users_processed = (number = 0)::int where run_id = $1", run);
        await app.Database.ExecuteAsync("update overnight_job_runs set users_total = 2000000000 where id = $1", run);
        var (browser, _) = await app.BrowseAsync(role: "admin");
        using var own = browser;

        var page = await browser.PageAsync($"/operations/runs/{run}");

        Assert.Contains("1 of 2,000,000,000 users, 0 a second, more than 30 d left", page.Words(".lead"), StringComparison.Ordinal);
    }

    [Fact]
    public void Waterfall_OfAStepWithoutWords_HasItsName()
    {
        RunTimeline timeline = new(Guid.NewGuid(), Now, null, 1_000, [new("seal", 0, 500)], []);

        var view = new RunWaterfall(timeline, new(DisplayFormats.International)).View();

        Assert.Equal("seal", Assert.Single(view.Rows).Label);
    }

    private static string Words(AngleSharp.Dom.IElement element) =>
        string.Join(' ', element.TextContent.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private async Task<ApiApp> AppAsync() =>
        new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), new TestClock(Now));
}
