using System.Net;
using System.Text;
using Overnight.Core.Actions;
using Overnight.Core.Results;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;
using Overnight.Tests.Actions;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Scheduling;
using Overnight.Tests.Sessions;
using Overnight.Tests.Warming;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A12: pauses of schedules. NYSE's night of 2026-11-23 is due at 12:30 UTC and opens at 14:30.</summary>
public sealed class SchedulePauseTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A12_PausedMarket_HasNoTriggerAndNoMissedNight_AndCatchesUpWhenResumed()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-20T12:00Z"));
        SchedulePauses pauses = new(night.Database, clock);
        var tick = Nights.Tick(night, clock);
        await tick.RunAsync(Ct);
        await pauses.PauseAsync(ScheduleKind.Market, "NYSE", "data centre moves", null, Actor.Command, Ct);

        clock.SetUtcNow(Utc("2026-11-20T12:31Z"));
        await tick.RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T13:00Z"));
        await Nights.Tick(night, clock).RunAsync(Ct); // started anew meanwhile
        Assert.Equal("; ", await StateAsync(night));
        await pauses.ResumeAsync(ScheduleKind.Market, "NYSE", Actor.Command, Ct);
        clock.SetUtcNow(Utc("2026-11-23T13:01Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);

        Assert.Equal("2026-11-23 catch-up; 2026-11-23 13:00 on-time", await StateAsync(night));
    }

    [Fact]
    public async Task A12_Pause_EndsByItselfAtItsTime()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:00Z"));
        var tick = Nights.Tick(night, clock);
        await tick.RunAsync(Ct);
        await new SchedulePauses(night.Database, clock).PauseAsync(
            ScheduleKind.Market,
            "NYSE",
            "import",
            Utc("2026-11-23T12:50Z"),
            Actor.Command,
            Ct
        );

        clock.SetUtcNow(Utc("2026-11-23T12:49Z"));
        await tick.RunAsync(Ct);
        Assert.Equal("; ", await StateAsync(night));
        clock.SetUtcNow(Utc("2026-11-23T12:50Z"));
        await tick.RunAsync(Ct);
        Assert.Equal("2026-11-23 catch-up; 2026-11-23 12:50 on-time", await StateAsync(night));
    }

    [Fact]
    public async Task A12_PauseAfterTheDueTime_MissesNothing_AndARunByHandGoesOn()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        var watch = Nights.Watch(night, clock);
        await watch.TickAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:30Z"));
        await watch.TickAsync(Ct);
        await new SchedulePauses(night.Database, clock).PauseAsync(ScheduleKind.Market, "NYSE", "import", null, Actor.Command, Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:45Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);
        Assert.Equal("; ", await StateAsync(night));

        await night.Runs.StartOrJoinAsync("NYSE", new(2026, 11, 23), Core.Runs.RunTrigger.Manual, false, Ct);
        await watch.TickAsync(Ct);
        Assert.Equal("2026-11-23 manual; ", await StateAsync(night));
    }

    /// <summary>A pause that begins after the due time and ends while nothing looks.</summary>
    [Theory]
    [InlineData("2026-11-23T13:00Z", "2026-11-23T13:01Z", "; 2026-11-23 13:00 on-time", "")]
    [InlineData("2026-11-23T13:00Z", "2026-11-23T13:10Z", "; 2026-11-23 13:00 missed", "night.missed")]
    [InlineData("2026-11-23T14:05Z", "2026-11-23T14:06Z", "; ", "")]
    public async Task A12_NightHeldUpByAPause_HasAsLongToBeginAfterIt_AndNoPromisePastItsDeadline(
        string until,
        string now,
        string state,
        string notices
    )
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        var watch = Nights.Watch(night, clock);
        await watch.TickAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:30Z"));
        await watch.TickAsync(Ct);
        Assert.Equal("; 2026-11-23 12:30 on-time", await StateAsync(night));
        clock.SetUtcNow(Utc("2026-11-23T12:31Z"));
        await new SchedulePauses(night.Database, clock).PauseAsync(ScheduleKind.Market, "NYSE", "import", Utc(until), Actor.Command, Ct);

        clock.SetUtcNow(Utc(now));
        for (var ticks = 0; ticks < 3; ticks++, clock.Advance(TimeSpan.FromMinutes(1)))
            await watch.TickAsync(Ct);

        Assert.Equal(state, await StateAsync(night));
        Assert.Equal(notices, await night.ScalarAsync<string>("select coalesce(string_agg(event, ','), '') from notices", Ct));
    }

    [Fact]
    public async Task A12_NightThatBegan_KeepsItsDeadlineThroughAPause()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:30Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:31Z"));
        await new SchedulePauses(night.Database, clock).PauseAsync(ScheduleKind.Market, "NYSE", "import", null, Actor.Command, Ct);

        clock.SetUtcNow(Utc("2026-11-23T14:01Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);

        Assert.Equal("2026-11-23 schedule; 2026-11-23 12:30 late", await StateAsync(night));
    }

    [Fact]
    public async Task A12_PausesAtOnce_AreOneThatIsOpen()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        TestClock clock = new();
        SchedulePauses pauses = new(night.Database, clock);

        await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => pauses.PauseAsync(ScheduleKind.Market, "NYSE", $"import {i}", null, Actor.Command, Ct))
        );

        Assert.Equal(
            "1 of 8",
            await night.ScalarAsync<string>(
                "select count(*) filter (where ended_at is null) || ' of ' || count(*) from schedule_pauses",
                Ct
            )
        );
        Assert.Equal(
            "changed 7, paused 1",
            await night.ScalarAsync<string>(
                "select string_agg(outcome || ' ' || n, ', ' order by outcome) from (select outcome, count(*) n from action_log group by outcome) o",
                Ct
            )
        );
    }

    [Fact]
    public async Task A12_PausedSet_IsNotWarmedByItsSchedule_AndIsAfterAColdStart()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        var pauses = warm.Get<SchedulePauses>();
        await pauses.PauseAsync(ScheduleKind.Set, RecommendationWarmSet.SetName, "import", null, Actor.Command, Ct);

        time.Advance(TimeSpan.FromHours(21));
        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));
        await cache.AdministerAsync("FLUSHALL");
        Assert.Equal(WarmTrigger.ColdStart, Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Trigger);
        time.Advance(TimeSpan.FromHours(21));
        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));
        await pauses.ResumeAsync(ScheduleKind.Set, RecommendationWarmSet.SetName, Actor.Command, Ct);
        Assert.Equal(WarmTrigger.Schedule, Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Trigger);
    }

    [Fact]
    public async Task A12_PauseByTheApi_IsInTheScheduleAndInTheActionLog()
    {
        await using var app = new ApiApp(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (admin, token) = await app.Database.SignInAsync("admin");

        Assert.Equal(HttpStatusCode.OK, await PostAsync("markets/NYSE/pause", """{"reason":"import","until":"2999-01-01T00:00Z"}"""));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("markets/NYSE/pause", """{"reason":"another import"}"""));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("sets/recommendations/pause", """{"reason":"import"}"""));
        using (var answer = await app.GetAsync("/api/admin/schedule", token, Ct))
        {
            var schedule = await answer.JsonAsync();
            var market = schedule.GetProperty("markets").EnumerateArray().Single(m => m.GetProperty("market").GetString() == "NYSE");
            Assert.Equal(
                ("another import", "admin"),
                (market.GetProperty("pause").GetProperty("reason").GetString(), market.GetProperty("pause").GetProperty("by").GetString())
            );
            Assert.True(market.GetProperty("next").GetProperty("deadlineAt").GetDateTimeOffset() > default(DateTimeOffset));
            Assert.Equal(
                ["recommendations"],
                schedule
                    .GetProperty("sets")
                    .EnumerateArray()
                    .Where(set => set.GetProperty("pause").ValueKind == System.Text.Json.JsonValueKind.Object)
                    .Select(set => set.GetProperty("set").GetString())
            );
        }
        Assert.Equal(HttpStatusCode.OK, await PostAsync("markets/NYSE/resume", null));
        Assert.Equal(HttpStatusCode.OK, await PostAsync("markets/NYSE/resume", null));

        Assert.Equal(
            [
                ("pause", "paused", (Guid?)admin, "market NYSE"),
                ("pause", "changed", admin, "market NYSE"),
                ("pause", "paused", admin, "set recommendations"),
                ("resume", "resumed", admin, "market NYSE"),
                ("resume", "not_paused", admin, "market NYSE"),
            ],
            (await app.Database.ActionsAsync()).Select(row => (row.Action, row.Outcome, row.By, row.Target))
        );
        foreach (
            var (path, body, status) in ((string, string, HttpStatusCode)[])
                [
                    ("markets/MARS/pause", """{"reason":"x"}""", HttpStatusCode.NotFound),
                    ("sets/none/pause", """{"reason":"x"}""", HttpStatusCode.NotFound),
                    ("markets/NYSE/pause", "{}", HttpStatusCode.BadRequest),
                    ("markets/NYSE/pause", """{"reason":7}""", HttpStatusCode.BadRequest),
                    ("markets/NYSE/pause", """{"reason":"x","until":"tomorrow"}""", HttpStatusCode.BadRequest),
                    ("markets/NYSE/pause", """{"reason":"x","until":"2001-01-01T00:00Z"}""", HttpStatusCode.BadRequest),
                    ("markets/NYSE/pause", """{"reason":"x","until":"2999-01-01T00:00"}""", HttpStatusCode.BadRequest),
                ]
        )
            Assert.Equal(status, await PostAsync(path, body));

        async Task<HttpStatusCode> PostAsync(string path, string? body)
        {
            using StringContent? content = body is null ? null : new(body, Encoding.UTF8, "application/json");
            using var answer = await app.SendAsync(HttpMethod.Post, $"/api/admin/schedule/{path}", token, content);
            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task A12_PauseByCommand_IsShownByTheSchedule()
    {
        var database = await servers.CreateDatabaseAsync(Ct);

        var pause = await JobsCommand.RunAsync(servers, database, Ct, "pause", "--market", "NYSE", "--reason", "import");
        Assert.Equal((0, ""), (pause.ExitCode, pause.Error));
        var schedule = await JobsCommand.RunAsync(servers, database, Ct, "schedule", "--market", "NYSE");
        Assert.Contains("until it is resumed (command): import", schedule.Output);
        var resume = await JobsCommand.RunAsync(servers, database, Ct, "resume", "--market", "NYSE");
        Assert.Contains("The schedule of NYSE goes on.", resume.Output);
        schedule = await JobsCommand.RunAsync(servers, database, Ct, "schedule", "--market", "NYSE");
        Assert.DoesNotContain("paused", schedule.Output);
        var set = await JobsCommand.RunAsync(servers, database, Ct, "pause", "--set", "recommendations", "--reason", "import");
        Assert.Contains("Entries of recommendations are not renewed meanwhile, and expire 24 h after they were written", set.Output);
        var wrong = await JobsCommand.RunAsync(servers, database, Ct, "pause", "--market", "NYSE", "--reason", "x", "--until", "soon");
        Assert.Equal(
            (1, "--until must be a moment with its zone, such as 2026-12-24T06:00Z or 2026-12-24T01:00-05:00, not 'soon'."),
            (wrong.ExitCode, wrong.Error.Trim())
        );
    }

    private static Task<string> StateAsync(PipelineFixture night) =>
        night.ScalarAsync<string>(
            """
            select coalesce((select string_agg(business_date || ' ' || trigger, ', ' order by number) from overnight_job_runs where job_type = 'scoring'), '') || '; '
                || coalesce((select string_agg(business_date || ' ' || to_char(due_at at time zone 'UTC', 'HH24:MI') || ' ' || state, ', ' order by business_date) from nights), '')
            """,
            Ct
        );
}
