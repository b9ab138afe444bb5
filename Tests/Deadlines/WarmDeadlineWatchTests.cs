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
        Assert.Equal(
            "warm.missed, warm.recovered",
            await warm.ScalarAsync<string>("select string_agg(event, ', ' order by number) from notices")
        );
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

    private static Task<string> WarmsAsync(WarmFixture warm) =>
        warm.ScalarAsync<string>(
            """
            select coalesce(string_agg(set_name || ' ' || (extract(epoch from deadline_at - due_at) / 60)::int || ' ' || state
                || case when finished_at is null then '' else ' finished' end, ', ' order by due_at), '') from warm_deadlines
            """
        );
}
