using Overnight.Core;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>SPEC A1, A2: what is due, in hosts whose clock a test turns.</summary>
public sealed class DueRunStarterTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tick_AtTheDueTime_StartsTheNightOnce()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29Z"));
        var schedule = Schedule(night, clock);

        await schedule.TickAsync(Ct);
        Assert.Equal("", await RunsAsync(night));
        for (var minute = 0; minute < 180; minute++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await schedule.TickAsync(Ct);
        }

        Assert.Equal("NYSE 2026-11-23 1 schedule", await RunsAsync(night));
    }

    [Theory]
    [InlineData("2026-11-23T13:00Z", "NYSE 2026-11-23 1 catch-up")] // down when it was due, up before the open
    [InlineData("2026-11-23T14:30Z", "")] // it has opened
    [InlineData("2026-11-26T13:00Z", "")] // Thanksgiving
    [InlineData("2026-11-27T14:29Z", "NYSE 2026-11-27 1 catch-up")] // the short day after
    public async Task Tick_AtAStart_CatchesUpWhatIsStillOfUse(string start, string expected)
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);

        await Schedule(night, new(Utc(start))).TickAsync(Ct);

        Assert.Equal(expected, await RunsAsync(night));
    }

    [Fact]
    public async Task Tick_OfMarketsThatShareADate_StartsARunEach_AndNoneForAMarketWithoutUsers()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await night.ExecuteAsync("insert into user_markets select user_id, unnest(array['LSE', 'XETRA']) from user_markets", Ct);

        await Schedule(night, new(Utc("2026-11-24T06:00Z"))).TickAsync(Ct);
        Assert.Equal("LSE 2026-11-24 1 schedule, XETRA 2026-11-24 1 schedule", await RunsAsync(night));

        await Schedule(night, new(Utc("2026-11-24T12:30Z"))).TickAsync(Ct);
        Assert.Equal("LSE 2026-11-24 1 schedule, NYSE 2026-11-24 1 schedule, XETRA 2026-11-24 1 schedule", await RunsAsync(night));
    }

    [Fact]
    public async Task User_OfTwoMarkets_IsComputedAfterEach()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await night.ExecuteAsync("insert into user_markets select user_id, 'LSE' from user_markets limit 2", Ct);
        TestClock clock = new(Utc("2026-11-24T06:00Z"));

        foreach (var (market, users) in ((string, int)[])[("LSE", 2), ("NYSE", 5)])
        {
            clock.Advance(TimeSpan.FromHours(1));
            var (run, _) = await Store(night, clock).StartOrJoinAsync(market, new(2026, 11, 24), RunTrigger.Schedule, false, Ct);
            await night.Participant.WorkAsync(run, Ct);
            await night.AssertExactlyOnceAsync(run.Id, users, 0, Ct);
        }
        Assert.Equal(
            5,
            await night.ScalarAsync<long>(
                "select count(*) from current_results c join overnight_job_runs r on r.id = c.run_id where r.market = 'NYSE'",
                Ct
            )
        );
    }

    [Fact]
    public async Task Tick_JoinsWhatOthersStarted_FinishedOrNot()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        TestClock clock = new(Utc("2026-11-23T12:00Z"));
        var (run, _) = await Store(night, clock).StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, Ct);

        clock.Advance(TimeSpan.FromMinutes(30));
        await Schedule(night, clock).TickAsync(Ct);
        await night.Participant.WorkAsync(run, Ct);
        await Schedule(night, clock).TickAsync(Ct);

        Assert.Equal("NYSE 2026-11-23 1 manual", await RunsAsync(night));
    }

    [Theory]
    [InlineData("delete from user_markets")]
    [InlineData("update users set deleted_at = now()")]
    [InlineData("update users set banned_at = now()")]
    [InlineData("update holdings set ignored = true")]
    public async Task Tick_A1_NobodyActiveInTheMarket_StartsNothingUntilSomebodyIs(string gone)
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30Z"));
        await night.ExecuteAsync(gone, Ct);

        await Schedule(night, clock).TickAsync(Ct);
        Assert.Equal("", await RunsAsync(night));

        await night.ExecuteAsync("update users set deleted_at = null, banned_at = null", Ct);
        await night.ExecuteAsync("update holdings set ignored = false", Ct);
        await night.ExecuteAsync("insert into user_markets select id, 'NYSE' from users limit 1 on conflict do nothing", Ct);
        await night.ExecuteAsync("insert into user_markets select user_id, 'NYSE' from portfolios on conflict do nothing", Ct);
        await Schedule(night, clock).TickAsync(Ct);
        Assert.Equal("NYSE 2026-11-23 1 schedule", await RunsAsync(night));
    }

    [Fact]
    public async Task Tick_InFiveHostsAtOnce_IsOneRun_AndNoUserTwice()
    {
        const int users = 300;
        await using var night = await PipelineFixture.CreateAsync(servers, users, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30Z"));
        await using var b = night.Replica();
        await using var c = night.Replica();
        await using var d = night.Replica();
        await using var e = night.Replica();
        PipelineFixture[] hosts = [night, b, c, d, e];

        await Task.WhenAll(hosts.Select(host => Schedule(host, clock).TickAsync(Ct)));
        Assert.Equal("NYSE 2026-11-23 1 schedule", await RunsAsync(night));
        var run = (await night.Runs.FindUnfinishedAsync(Ct))!;
        await Task.WhenAll(hosts.Select(host => host.Participant.WorkAsync(run, Ct)));

        Assert.Equal("completed", (await night.Runs.FindAsync(run.Id, Ct))!.Status);
        await night.AssertExactlyOnceAsync(run.Id, users, 0, Ct);
    }

    [Fact]
    public async Task Start_OnADayWithoutTrading_SaysWhy()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        var store = Store(night, new(Utc("2026-11-23T12:00Z")));

        var exception = await Assert.ThrowsAsync<RequestException>(() =>
            store.StartOrJoinAsync("NYSE", new(2026, 11, 26), RunTrigger.Manual, false, Ct)
        );

        Assert.Equal(
            ("date", "The business date 2026-11-26 is no trading day of NYSE: Thanksgiving Day."),
            (exception.Field, exception.Message)
        );
    }

    private static RunStore Store(PipelineFixture night, TestClock clock) => new(night.Database, Catalog(), clock);

    private static DueRunStarter Schedule(PipelineFixture night, TestClock clock) => Nights.Schedule(night, clock);

    private static Task<string> RunsAsync(PipelineFixture night) =>
        night.ScalarAsync<string>(
            "select coalesce(string_agg(market || ' ' || business_date || ' ' || revision || ' ' || trigger, ', ' order by market, business_date, revision), '') from overnight_job_runs",
            Ct
        );
}
