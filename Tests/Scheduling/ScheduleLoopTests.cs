using System.Collections.Concurrent;
using System.Diagnostics;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>The timer, and what its ticks leave in traces. The users are of NYSE, whose night of 2026-11-23 is due at 12:30 UTC.</summary>
public sealed class ScheduleLoopTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loop_AtEachFullMinute_Ticks()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        TestClock clock = new(Utc("2026-11-23T12:28:20.5Z"));
        using ScheduleLoop loop = new(Nights.Tick(night, clock), clock);
        await loop.StartAsync(Ct);

        clock.SetUtcNow(Utc("2026-11-23T12:29:59Z"));
        Assert.Null(await night.Runs.FindLatestAsync(Ct));
        clock.SetUtcNow(Utc("2026-11-23T12:30:00Z"));

        await Eventually.TrueAsync(async () => await night.Runs.FindLatestAsync(Ct) is not null, "the night begins");
        Assert.Equal(Utc("2026-11-23T12:30:00Z"), (await night.Runs.FindLatestAsync(Ct))!.StartedAt);
        await loop.StopAsync(Ct);
    }

    [Fact]
    public async Task Loop_AfterATickThatFailed_TicksAgainAtTheNextMinute()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        TestClock clock = new(Utc("2026-11-23T12:29:30Z"));
        using Told told = new();
        using ScheduleLoop loop = new(Nights.Tick(night, clock), clock);
        await night.ExecuteAsync("alter table user_markets rename to away", Ct);
        await loop.StartAsync(Ct);

        clock.SetUtcNow(Utc("2026-11-23T12:30:00Z"));
        await Eventually.TrueAsync(() => told.Failed("NYSE").Any(), "the tick fails");
        await night.ExecuteAsync("alter table away rename to user_markets", Ct);
        clock.SetUtcNow(Utc("2026-11-23T12:31:00Z"));

        await Eventually.TrueAsync(async () => await night.Runs.FindLatestAsync(Ct) is not null, "the next tick begins the night");
        var failed = Assert.Single(told.Failed("NYSE"));
        Assert.Equal(("schedule-tick", "Npgsql.PostgresException"), (failed.OperationName, failed.GetTagItem("error.type")));
        Assert.Contains("user_markets", failed.StatusDescription, StringComparison.Ordinal);
        await loop.StopAsync(Ct);
    }

    [Fact]
    public async Task Tick_ThatStartsNothing_LeavesNoSpan()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await using var other = night.Replica();
        TestClock clock = new(Utc("2026-11-23T12:29:00Z"));
        using Told told = new();

        await Schedule(night, clock).TickAsync(Ct);
        Assert.Empty(told.Spans); // not due yet
        clock.Advance(TimeSpan.FromMinutes(1));
        await night.ExecuteAsync("create table kept as select * from user_markets; delete from user_markets", Ct);
        told.Clear();
        await Schedule(night, clock).TickAsync(Ct);
        Assert.Empty(told.Spans); // nobody is of the market
        await night.ExecuteAsync("insert into user_markets select * from kept", Ct);
        told.Clear();
        await Task.WhenAll(Schedule(night, clock).TickAsync(Ct), Schedule(other, clock).TickAsync(Ct));
        var started = Assert.Single(told.Spans); // whichever of the two won
        Assert.Equal("start-night", started.OperationName);
        Assert.Equal((await night.Runs.FindLatestAsync(Ct))!.Traceparent, started.Id);
        told.Clear();
        await Schedule(other, clock).TickAsync(Ct);
        Assert.Empty(told.Spans); // it has begun
    }

    [Fact]
    public async Task Start_ThatLosesToAnother_LeavesASpanOnlyWhereAPersonAsked()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        TestClock clock = new(Utc("2026-11-23T12:30:00Z"));
        RunStore runs = new(night.Database, Catalog(), clock);
        await runs.StartOrJoinAsync("NYSE", null, RunTrigger.Schedule, again: false, Ct);
        using Told told = new();

        await runs.StartOrJoinAsync("NYSE", null, RunTrigger.Schedule, again: false, Ct);
        await runs.StartOrJoinAsync("NYSE", null, RunTrigger.CatchUp, again: false, Ct);
        Assert.Empty(told.Spans);
        await runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: false, Ct);

        Assert.Equal(false, Assert.Single(told.Spans, span => span.OperationName == "start-night").GetTagItem("overnight.started"));
    }

    private static DueRunStarter Schedule(PipelineFixture night, TestClock clock) => Nights.Schedule(night, clock);

    /// <summary>Spans that this test's calls begin, statements included, and that an exporter would be given.</summary>
    private sealed class Told : IDisposable
    {
        // Follows the calls of the test, so that other tests are not heard.
        private static readonly AsyncLocal<Told?> Current = new();
        private readonly ConcurrentQueue<Activity> _begun = [];
        private readonly ActivityListener _listener;

        public Told()
        {
            Current.Value = this;
            _listener = new()
            {
                ShouldListenTo = source => source.Name is "Overnight.Runs" or "Overnight.Jobs" or "Npgsql",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStarted = span =>
                {
                    if (Current.Value == this)
                        _begun.Enqueue(span);
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public IEnumerable<Activity> Spans => _begun.Where(span => span.IsStopped && span.Recorded);

        public IEnumerable<Activity> Failed(string market) =>
            Spans.Where(span => span.Status == ActivityStatusCode.Error && market.Equals(span.GetTagItem("overnight.market")));

        public void Clear() => _begun.Clear();

        public void Dispose() => _listener.Dispose();
    }
}
