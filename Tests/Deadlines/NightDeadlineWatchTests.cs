using System.Diagnostics.Metrics;
using Overnight.Core.Market.Calendars;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Scheduling;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A10: the rows of nights, with a clock that the tests turn. NYSE is due at 12:30 UTC on 2026-11-23, a Monday.</summary>
public sealed class NightDeadlineWatchTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A10_Night_HasARowFromItsDueTime_AndADayWithoutTradingNone()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-25T12:29Z"));
        var tick = Nights.Tick(night, clock);

        await tick.RunAsync(Ct);
        Assert.Equal("", await NightsAsync(night));
        clock.SetUtcNow(Utc("2026-11-25T12:30Z"));
        await tick.RunAsync(Ct);
        Assert.Equal("NYSE 2026-11-25 12:30 14:00 on-time", await NightsAsync(night));
        clock.SetUtcNow(Utc("2026-11-26T23:00Z")); // Thanksgiving
        await tick.RunAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-27T12:31Z")); // closes early, and opens as usual
        await tick.RunAsync(Ct);

        Assert.Equal("NYSE 2026-11-25 12:30 14:00 late, NYSE 2026-11-27 12:30 14:00 on-time", await NightsAsync(night));
    }

    [Fact]
    public async Task A10_FirstTickOfAnInstallation_OwesNothingForEarlierTimes()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T15:00Z"));
        await Nights.Tick(night, clock).RunAsync(Ct);

        Assert.Equal("", await NightsAsync(night));
    }

    [Fact]
    public async Task A10_MarketWithoutUsers_HasNoNight()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        await night.ExecuteAsync("update users set banned_at = now()", Ct);
        await TickAsync(night, "2026-11-23T12:00Z", "2026-11-23T12:45Z");

        Assert.Equal("", await NightsAsync(night));
    }

    [Fact]
    public async Task A10_DueTimesThatPassedWhileEverythingWasDown_AreMissed_ButForTheOneThatIsCaughtUp()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        await TickAsync(night, "2026-11-20T20:00Z", "2026-11-25T13:00Z");

        Assert.Equal(
            "NYSE 2026-11-23 12:30 14:00 missed, NYSE 2026-11-24 12:30 14:00 missed, NYSE 2026-11-25 12:30 14:00 on-time",
            await NightsAsync(night)
        );
    }

    [Fact]
    public async Task A10_SlowRun_IsAtRiskByItsRate_AndLateAfterItsDeadline()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30Z"));
        var run = await RunAsync(night, clock);
        // 10 batches of 1,000; one was done within the last minute.
        await BatchesAsync(night, run, clock, pending: 9, done: 1);
        clock.SetUtcNow(Utc("2026-11-23T13:30Z"));
        await night.ExecuteAsync("update run_batches set completed_at = $1 where status = 'done'", Ct, clock.GetUtcNow().UtcDateTime);
        var tick = Nights.Tick(night, clock);
        await tick.RunAsync(Ct);

        Assert.Equal("NYSE 2026-11-23 12:30 14:00 on-time 13:39", await NightsAsync(night, forecast: true));
        clock.SetUtcNow(Utc("2026-11-23T13:52Z"));
        await night.ExecuteAsync("update run_batches set completed_at = $1 where status = 'done'", Ct, clock.GetUtcNow().UtcDateTime);
        await tick.RunAsync(Ct);
        Assert.Equal("NYSE 2026-11-23 12:30 14:00 at-risk 14:01", await NightsAsync(night, forecast: true));
        clock.SetUtcNow(Utc("2026-11-23T13:54Z")); // nothing was done for a minute
        await tick.RunAsync(Ct);
        Assert.Equal("NYSE 2026-11-23 12:30 14:00 at-risk ", await NightsAsync(night, forecast: true));
        clock.SetUtcNow(Utc("2026-11-23T14:00Z"));
        await tick.RunAsync(Ct);
        Assert.Equal("NYSE 2026-11-23 12:30 14:00 late ", await NightsAsync(night, forecast: true));
        await night.ExecuteAsync("update run_batches set status = 'done', completed_at = '2026-11-23T14:03Z'", Ct);
        clock.SetUtcNow(Utc("2026-11-23T14:04Z"));
        await tick.RunAsync(Ct);
        Assert.Equal("NYSE 2026-11-23 12:30 14:00 late 14:03", await NightsAsync(night, forecast: true));
        Assert.Equal(run, await night.ScalarAsync<Guid>("select run_id from nights where finished_at is not null", Ct));
    }

    [Fact]
    public async Task A10_Margin_IsAMetricOfTheMarket()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30Z"));
        await BatchesAsync(night, await RunAsync(night, clock), clock, pending: 9, done: 1);
        clock.SetUtcNow(Utc("2026-11-23T13:52Z"));
        await night.ExecuteAsync("update run_batches set completed_at = $1 where status = 'done'", Ct, clock.GetUtcNow().UtcDateTime);
        // Only what this test's own tick measures: the meter is the process's.
        AsyncLocal<List<string>?> measured = new() { Value = [] };
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument is { Meter.Name: Jobs.Telemetry.Name, Name: "overnight.run.deadline.margin", Unit: "s" })
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>(
            (_, seconds, tags, _) =>
                measured.Value?.Add($"{string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))} {seconds}")
        );
        listener.Start();

        await Nights.Watch(night, clock).TickAsync(Ct);

        Assert.Equal(["market=NYSE -60"], measured.Value);
    }

    [Fact]
    public async Task A10_RunThatHasNotLastedAMinute_IsForecastByTheLastFiveNights()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30Z"));
        // 1, 1, 2, 5 and 5 users a second; the oldest, of 100, does not count.
        foreach (var (date, users) in ((string, int)[])[("13", 10_000), ("16", 100), ("17", 100), ("18", 200), ("19", 500), ("20", 500)])
        {
            await night.ExecuteAsync(
                $"""
                insert into overnight_job_runs (id, job_type, status, market, business_date, revision, trigger, started_at, planned_at, completed_at, users_processed, correlation_id)
                values (gen_random_uuid(), 'scoring', 'completed', 'NYSE', '2026-11-{date}', 1, 'schedule', '2026-11-{date}T12:30Z', '2026-11-{date}T12:30Z', '2026-11-{date}T12:31:40Z', {users}, gen_random_uuid())
                """,
                Ct
            );
        }
        var run = await RunAsync(night, clock);
        await BatchesAsync(night, run, clock, pending: 12, done: 0);
        clock.Advance(TimeSpan.FromSeconds(30));
        await TickAsync(night, clock);

        // 12,000 users at 2 a second.
        Assert.Equal("NYSE 2026-11-23 12:30 14:00 at-risk 14:10", await NightsAsync(night, forecast: true));
    }

    [Fact]
    public async Task A10_TwoReplicasAtOnce_AreOneRowAndOneChange()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        await Nights.Watch(night, clock).TickAsync(Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:41Z"));
        var replicas = Enumerable.Range(0, 8).Select(_ => Nights.Watch(night, clock)).ToList();

        await Task.WhenAll(replicas.Select(watch => watch.TickAsync(Ct)));

        Assert.Equal("NYSE 2026-11-23 12:30 14:00 missed", await NightsAsync(night));
    }

    [Theory]
    // New York's clocks go forward on 2027-03-14, and back on 2026-11-01; the nights of the Mondays after are as always.
    [InlineData("NYSE", "2026-10-30", "11:30 13:00")]
    [InlineData("NYSE", "2026-11-02", "12:30 14:00")]
    [InlineData("NYSE", "2027-03-12", "12:30 14:00")]
    [InlineData("NYSE", "2027-03-15", "11:30 13:00")]
    public void A10_Deadline_MovesWithTheClocks(string market, string date, string expected)
    {
        var day = Market(market).Day(DateOnly.Parse(date));
        Assert.Equal(expected, $"{day.DueUtc:HH:mm} {day.DeadlineUtc:HH:mm}");
    }

    [Theory]
    // A market that opens at 04:00 on the Sunday of the change: 02:30 is skipped in March, 01:30 is shown twice in November.
    [InlineData("2027-03-14", "02:30", "07:00")] // 03:00 summer time, the moment of the change
    [InlineData("2026-11-01", "01:30", "05:30")] // the first of the two
    [InlineData("2026-11-02", "01:30", "06:30")]
    public void A10_DeadlineInAGapOrOverlap_ResolvesAsTriggersDo(string date, string deadline, string expected)
    {
        var day = Market(
                "EARLY",
                ("TimeZone", "America/New_York"),
                ("Hours:0", "04:00-10:00"),
                ("Weekend:0", "Wednesday"),
                ("Lead", "04:00"),
                ("Deadline", deadline)
            )
            .Day(DateOnly.Parse(date));
        Assert.Equal(expected, $"{day.DeadlineUtc:HH:mm}");
    }

    [Fact]
    public void A10_DefaultThatDoesNotFit_IsTheMiddle_AndTheScheduleSaysSo()
    {
        var market = Market("NYSE", ("Lead", "00:20"));
        var day = market.Day(new(2026, 11, 23));

        Assert.Equal((true, "14:10 14:20 14:30"), (day.IsDeadlineMoved, $"{day.DueUtc:HH:mm} {day.DeadlineUtc:HH:mm} {day.OpenUtc:HH:mm}"));
        StringWriter output = new();
        new Jobs.Scheduling.ScheduleReport(output, Utc("2026-11-23T10:00Z")).WriteText(market, null, null);
        Assert.Contains("done by 09:20 (the middle: the usual deadline is not between trigger and open)", output.ToString());
    }

    [Theory]
    [InlineData("Deadline", "08:00", "13:00")]
    [InlineData("DeadlineLead", "01:15", "13:15")]
    public void A10_ConfiguredDeadline_IsThatOfTheMarket(string key, string value, string deadline) =>
        Assert.Equal(deadline, $"{Market("NYSE", (key, value)).Day(new(2026, 11, 23)).DeadlineUtc:HH:mm}");

    /// <summary>SPEC C3: what the dashboard calls delayed follows the deadline, without a query.</summary>
    [Theory]
    [InlineData("2026-11-23T12:59:59Z", FreshnessStatus.Fresh)]
    [InlineData("2026-11-23T13:00:00Z", FreshnessStatus.Delayed)]
    public void C3_Delayed_IsByTheConfiguredDeadline(string now, FreshnessStatus status) =>
        Assert.Equal(status, Freshness.Judge(new(Utc("2026-11-20T12:31Z")), Utc(now), [Market("NYSE", ("Deadline", "08:00"))]).Status);

    private static async Task TickAsync(PipelineFixture night, params string[] times)
    {
        TestClock clock = new(Utc(times[0]));
        foreach (var time in times)
        {
            clock.SetUtcNow(Utc(time));
            await Nights.Tick(night, clock).RunAsync(Ct);
        }
    }

    private static Task TickAsync(PipelineFixture night, TestClock clock) => Nights.Tick(night, clock).RunAsync(Ct);

    /// <summary>The schedule is at the night's due time, and a run of it has begun and is planned.</summary>
    private static async Task<Guid> RunAsync(PipelineFixture night, TestClock clock)
    {
        await night.ExecuteAsync("insert into schedule_marks select code, '2026-11-23T12:29Z' from markets", Ct);
        await TickAsync(night, clock);
        await night.ExecuteAsync("update overnight_job_runs set planned_at = started_at where planned_at is null", Ct);
        return await night.ScalarAsync<Guid>("select id from overnight_job_runs where business_date = '2026-11-23'", Ct);
    }

    private static Task BatchesAsync(PipelineFixture night, Guid run, TestClock clock, int pending, int done) =>
        night.ExecuteAsync(
            """
            insert into run_batches (run_id, number, first_user, last_user, size, status, users_processed, completed_at)
            select $1, i, '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000', 1000,
                case when i <= $3 then 'done' else 'pending' end, case when i <= $3 then 1000 else 0 end, case when i <= $3 then $4 end
            from generate_series(1, $2 + $3) i
            """,
            Ct,
            run,
            pending,
            done,
            clock.GetUtcNow().UtcDateTime
        );

    private static Task<string> NightsAsync(PipelineFixture night, bool forecast = false) =>
        night.ScalarAsync<string>(
            $"""
            select coalesce(string_agg(market || ' ' || business_date || ' ' || to_char(due_at at time zone 'UTC', 'HH24:MI') || ' '
                || to_char(deadline_at at time zone 'UTC', 'HH24:MI') || ' ' || state
                {(
                forecast ? "|| ' ' || coalesce(to_char(forecast_at at time zone 'UTC', 'HH24:MI'), '')" : ""
            )}, ', ' order by business_date), '') from nights
            """,
            Ct
        );
}
