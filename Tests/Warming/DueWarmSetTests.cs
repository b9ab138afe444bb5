using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>When the service warms by itself.</summary>
public sealed class DueWarmSetTests(TestServers servers)
{
    /// <summary>Reference data and flags are due every few minutes, and would be in the way here.</summary>
    internal static readonly (string, string)[] NoReference =
    [
        ("Warming:Reference:EssentialInterval", "0"),
        ("Warming:Reference:MasterInterval", "0"),
        ("Warming:Reference:ComputedInterval", "0"),
        ("Warming:Flags:Enabled", "false"),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loop_MarkerGone_WarmsEverythingOnceAsAColdStart()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString);
        var user = Assert.Single(await warm.AddResultsAsync(1));

        Assert.Equal(WarmTrigger.ColdStart, Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Trigger);
        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));

        // The server lost everything, without having been away.
        await cache.AdministerAsync("FLUSHALL");
        var report = Assert.Single(await warm.Loop.RunOnceAsync(Ct));
        Assert.Equal((WarmTrigger.ColdStart, warm.Get<Warmer>().Sets.Count), (report.Trigger, report.Sets.Count));
        Assert.True(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        Assert.Equal(
            "cold-start",
            await warm.ScalarAsync<string>("select distinct trigger from overnight_job_runs where job_type = 'cache-warm'")
        );
    }

    /// <summary>SPEC B6: renewed before the TTL of 24 hours ends.</summary>
    [Fact]
    public async Task Loop_B6_TwentyHoursLater_RenewsCurrentResults()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, NoReference);
        var user = Assert.Single(await warm.AddResultsAsync(1));
        await warm.Loop.RunOnceAsync(Ct);
        await warm.Cache.KeyExpireAsync(CacheKeys.Recommendations(user), TimeSpan.FromHours(4));

        time.Advance(TimeSpan.FromHours(19.9));
        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));
        time.Advance(TimeSpan.FromHours(0.2));
        var report = Assert.Single(await warm.Loop.RunOnceAsync(Ct));

        Assert.Equal((WarmTrigger.Schedule, RecommendationWarmSet.SetName), (report.Trigger, Assert.Single(report.Sets).Set));
        Assert.True(await warm.Cache.KeyTimeToLiveAsync(CacheKeys.Recommendations(user)) > TimeSpan.FromHours(23));
    }

    [Fact]
    public async Task Loop_WarmThatBroke_IsResumedAfterTheRetryIntervalWithItsTrigger()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, time, NoReference);
        await warm.Loop.RunOnceAsync(Ct);
        var row = (await warm.Get<WarmProgressStore>().ReadAsync(Ct))[SessionWarmSet.SetName];
        await warm.Get<WarmProgressStore>().WriteAsync(row with { CompletedAt = null, Trigger = "deployment" }, Ct);

        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));
        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(WarmTrigger.Deployment, Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Trigger);
    }

    /// <summary>Not when the next look is due, which here is in an hour.</summary>
    [Fact]
    public async Task Loop_CacheLost_WarmsAsSoonAsItIsBack()
    {
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            cache.ConnectionString,
            null,
            ("Warming:CheckInterval", "01:00:00")
        );
        var user = Assert.Single(await warm.AddResultsAsync(1));
        await warm.Loop.StartAsync(Ct);
        try
        {
            await Eventually.TrueAsync(IsWarmAsync, "it is warmed");
            cache.Kill();
            await servers.StartCacheAsync(Ct, folder, cache.Port);

            await Eventually.TrueAsync(IsWarmAsync, "it is warmed anew");
        }
        finally
        {
            await warm.Loop.StopAsync(CancellationToken.None);
        }

        async Task<bool> IsWarmAsync() => await warm.IsCacheBackAsync() && await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(user));
    }
}
