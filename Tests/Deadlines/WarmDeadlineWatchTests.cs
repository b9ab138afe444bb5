using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;
using Overnight.Jobs.Warming;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Deadlines;

/// <summary>SPEC A10: scheduled warms. That of recommendations is due every 20 hours, and to be done in one.</summary>
public sealed class WarmDeadlineWatchTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A10_ScheduledWarm_ThatDoesNotBegin_IsMissedAndRecovers()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        var watch = Watch(warm, time);

        time.Advance(TimeSpan.FromHours(20) + TimeSpan.FromMinutes(5));
        await watch.TickAsync(Ct);
        Assert.Equal("recommendations 60 on-time", await WarmsAsync(warm));
        time.Advance(TimeSpan.FromMinutes(5));
        await Task.WhenAll(watch.TickAsync(Ct), Watch(warm, time).TickAsync(Ct));
        Assert.Equal("recommendations 60 missed", await WarmsAsync(warm));
        await warm.Loop.RunOnceAsync(Ct);
        time.Advance(TimeSpan.FromMinutes(1));
        await watch.TickAsync(Ct);

        Assert.Equal("recommendations 60 on-time finished", await WarmsAsync(warm));
        Assert.Equal("warm.missed, warm.recovered", await NoticesAsync(warm));
    }

    /// <summary>The loop looks every few seconds, and nearly always comes before the next full minute.</summary>
    [Fact]
    public async Task A10_ScheduledWarm_ThatBeginsBetweenTwoTicks_HasItsDeadlineAndIsOnTime()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);

        time.Advance(TimeSpan.FromHours(20) + TimeSpan.FromSeconds(3));
        await warm.Loop.RunOnceAsync(Ct);
        await Watch(warm, time).TickAsync(Ct);

        Assert.Equal("recommendations 60 on-time finished", await WarmsAsync(warm));
        Assert.Equal("", await NoticesAsync(warm));
        Assert.Equal(
            "cache-warm",
            await warm.ScalarAsync<string>("select job_type from overnight_job_runs r join warm_deadlines w on w.run_id = r.id")
        );
    }

    [Fact]
    public async Task A10_ScheduledWarm_ThatBreaks_IsToldFailedThenLateThenRecovered()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        await ExecuteAsync(warm, "alter table current_results rename to current_results_away");

        time.Advance(TimeSpan.FromHours(20) + TimeSpan.FromSeconds(3));
        await warm.Loop.RunOnceAsync(Ct);
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 at-risk", await WarmsAsync(warm));
        time.Advance(TimeSpan.FromHours(1));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 late", await WarmsAsync(warm));
        await ExecuteAsync(warm, "alter table current_results_away rename to current_results");
        await warm.Loop.RunOnceAsync(Ct);
        await Watch(warm, time).TickAsync(Ct);

        Assert.Equal("recommendations 60 late finished", await WarmsAsync(warm));
        Assert.Equal("warm.failed, warm.late, warm.recovered", await NoticesAsync(warm));
    }

    [Fact]
    public async Task A10_ScheduledWarm_ThatHangs_IsLate()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        await using var other = await warm.Database.OpenConnectionAsync(Ct);
        await using var hold = await other.BeginTransactionAsync(Ct);
        await using (var block = other.Command("lock table current_results in access exclusive mode"))
            await block.ExecuteNonQueryAsync(Ct);

        time.Advance(TimeSpan.FromHours(20) + TimeSpan.FromSeconds(3));
        var hanging = warm.Loop.RunOnceAsync(Ct);
        await Eventually.TrueAsync(
            () =>
                warm.ScalarAsync<bool>(
                    "select exists (select from warm_progress where set_name = 'recommendations' and completed_at is null)"
                ),
            "the warm has begun"
        );
        // Its time limit ends it two seconds later.
        time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(2));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal(("recommendations 60 late", "warm.late"), (await WarmsAsync(warm), await NoticesAsync(warm)));
        await hold.RollbackAsync(Ct);
        await hanging;
    }

    /// <summary>A later warm that has only begun finishes none before it.</summary>
    [Fact]
    public async Task A10_MissedWarm_IsNotFinishedByALaterOneThatBreaks()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        time.Advance(TimeSpan.FromHours(20) + TimeSpan.FromMinutes(10));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 missed", await WarmsAsync(warm));

        time.Advance(TimeSpan.FromHours(21));
        await ExecuteAsync(warm, "alter table current_results rename to current_results_away");
        await warm.Loop.RunOnceAsync(Ct);
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 late", await WarmsAsync(warm));
        await ExecuteAsync(warm, "alter table current_results_away rename to current_results");
        time.Advance(TimeSpan.FromMinutes(5));
        await warm.Loop.RunOnceAsync(Ct);
        await Watch(warm, time).TickAsync(Ct);

        Assert.Equal("recommendations 60 late finished", await WarmsAsync(warm));
    }

    [Fact]
    public async Task A12_WarmThatAPauseKeepsFromBeginning_IsDueWhenItEnds()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        time.Advance(TimeSpan.FromHours(20));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 on-time", await WarmsAsync(warm));
        time.Advance(TimeSpan.FromMinutes(1));
        var until = time.GetUtcNow().AddHours(2);
        await warm.Get<SchedulePauses>().PauseAsync(ScheduleKind.Set, "recommendations", "import", until, Core.Actions.Actor.Command, Ct);

        // Nothing looked while it was paused.
        time.Advance(TimeSpan.FromHours(2) + TimeSpan.FromMinutes(1));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 on-time", await WarmsAsync(warm));
        Assert.Equal(until.UtcDateTime, await warm.ScalarAsync<DateTime>("select due_at from warm_deadlines"));
        Assert.Equal("", await NoticesAsync(warm));
        time.Advance(TimeSpan.FromMinutes(9));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("warm.missed", await NoticesAsync(warm));
    }

    [Fact]
    public async Task A10_PausedSet_HasNoDeadline()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, DueWarmSetTests.NoReference);
        await warm.AddResultsAsync(1);
        await warm.Loop.RunOnceAsync(Ct);
        await warm.Get<SchedulePauses>().PauseAsync(ScheduleKind.Set, "recommendations", "import", null, Core.Actions.Actor.Command, Ct);

        time.Advance(TimeSpan.FromHours(22));
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("", await WarmsAsync(warm));
        await warm.Get<SchedulePauses>().ResumeAsync(ScheduleKind.Set, "recommendations", Core.Actions.Actor.Command, Ct);
        await Watch(warm, time).TickAsync(Ct);
        Assert.Equal("recommendations 60 on-time", await WarmsAsync(warm));
    }

    private static WarmDeadlineWatch Watch(WarmFixture warm, TestClock time) =>
        new(
            warm.Get<IServiceProvider>(),
            warm.Get<WarmDeadlines>(),
            warm.Get<WarmProgressStore>(),
            warm.Get<SchedulePauses>(),
            warm.Get<IOptions<WarmingOptions>>(),
            new(NullLogger<DatabaseState>.Instance),
            time,
            NullLogger<WarmDeadlineWatch>.Instance
        );

    private static async Task ExecuteAsync(WarmFixture warm, string sql)
    {
        await using var command = warm.Database.Command(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static Task<string> NoticesAsync(WarmFixture warm) =>
        warm.ScalarAsync<string>("select coalesce(string_agg(event, ', ' order by number), '') from notices");

    private static Task<string> WarmsAsync(WarmFixture warm) =>
        warm.ScalarAsync<string>(
            """
            select coalesce(string_agg(set_name || ' ' || (extract(epoch from deadline_at - due_at) / 60)::int || ' ' || state
                || case when finished_at is null then '' else ' finished' end, ', ' order by due_at), '') from warm_deadlines
            """
        );
}
