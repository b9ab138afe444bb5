using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Overnight.Api.Admin;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Caching;

/// <summary>SPEC G6: figures, health and its thresholds, in the log, for administrators, and in /health.</summary>
public sealed class CacheStatisticsTests(ApiFixture fixture) : IClassFixture<ApiFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(700, 300, 0, CacheHealth.Healthy)]
    [InlineData(699, 301, 0, CacheHealth.Degraded)]
    [InlineData(500, 500, 0, CacheHealth.Degraded)]
    [InlineData(499, 501, 0, CacheHealth.Unhealthy)]
    [InlineData(950, 0, 50, CacheHealth.Healthy)]
    [InlineData(949, 0, 51, CacheHealth.Degraded)]
    [InlineData(900, 0, 100, CacheHealth.Degraded)]
    [InlineData(899, 0, 101, CacheHealth.Unhealthy)]
    [InlineData(0, 99, 0, CacheHealth.Healthy)]
    [InlineData(0, 100, 0, CacheHealth.Unhealthy)]
    public void Judge_G6_AtItsThresholds(int hits, int misses, int errors, CacheHealth expected)
    {
        CacheStatistics statistics = new();
        for (var i = 0; i < hits; i++)
            statistics.Read(CacheSet.Results, i % 2 == 0 ? CacheOutcome.Hit : CacheOutcome.MemoryHit);
        for (var i = 0; i < misses; i++)
            statistics.Read(CacheSet.Sessions, i % 2 == 0 ? CacheOutcome.Miss : CacheOutcome.Outdated);
        for (var i = 0; i < errors; i++)
            statistics.Read(CacheSet.Flags, i % 2 == 0 ? CacheOutcome.Error : CacheOutcome.Bypassed);
        Assert.Equal(expected, CacheMonitor.Judge(statistics.Take()));
    }

    [Fact]
    public void Monitor_G6_FiveMinutesLater_HasForgottenWhatWasThen()
    {
        TestClock time = new();
        CacheTelemetry telemetry = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        CacheMonitor monitor = new(telemetry, time);
        for (var i = 0; i < 200; i++)
            telemetry.Read(CacheSet.Results, CacheOutcome.Miss);
        telemetry.Statistics.Answered(TimeSpan.FromMilliseconds(1));
        telemetry.Statistics.Answered(TimeSpan.FromMilliseconds(3));
        telemetry.Statistics.Wrote(2, done: true);
        telemetry.Statistics.Wrote(1, done: false);
        Assert.Equal(
            (CacheHealth.Unhealthy, 200, 2, 1, 2.0),
            (
                monitor.Health,
                monitor.Latest.Misses(),
                monitor.Latest.Sets,
                monitor.Latest.Errors,
                monitor.Latest.MeanHitTime!.Value.TotalMilliseconds
            )
        );

        for (var i = 0; i < 11; i++)
        {
            monitor.Roll();
            time.Advance(CacheMonitor.Step);
        }
        monitor.Roll();

        Assert.Equal((CacheHealth.Healthy, 0, 200), (monitor.Health, monitor.Latest.Operations, monitor.SinceStart.Misses()));
        Assert.Null(monitor.Latest.HitRate());
    }

    [Fact]
    public async Task Get_G6_ByAnAdmin_ShowsTheFiguresOfThisNode()
    {
        await using var node = fixture.Another(("Sessions:MemoryTtl", "00:00:00"));
        var (_, admin) = await node.Database.SignInAsync("admin");
        var (_, user) = await node.Database.SignInAsync();
        var key = TestFlags.NewKey();
        await node.Database.AddFlagAsync("development", key);
        for (var i = 0; i < 3; i++)
            await node.FlagAsync(key, user);

        using var answer = await node.GetAsync("/api/admin/cache/stats", admin, Ct);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var body = await answer.JsonAsync();
        Assert.Equal(("healthy", "closed"), (body.GetProperty("status").GetString(), body.GetProperty("circuit").GetString()));
        var latest = body.GetProperty("lastFiveMinutes");
        // The sessions of both, and the flag, were read from the database once each, and cached.
        Assert.True(
            latest.GetProperty("misses").GetInt64() >= 3
                && latest.GetProperty("sets").GetInt64() >= 3
                && latest.GetProperty("hits").GetInt64() >= 4,
            latest.GetRawText()
        );
        Assert.Equal(0, latest.GetProperty("errors").GetInt64());
        Assert.InRange(latest.GetProperty("hitRate").GetDouble(), 0.1, 0.9);
        Assert.True(latest.GetProperty("meanHitTime").GetDouble() > 0);
        var flags = Assert.Single(body.GetProperty("sets").EnumerateArray(), set => set.GetProperty("set").GetString() == "flags");
        Assert.Equal((2, 1), (flags.GetProperty("hits").GetInt32(), flags.GetProperty("misses").GetInt32()));

        // What jobs compared of the cache, over all of its processes.
        var before = body.GetProperty("comparison");
        Assert.Equal((0, JsonValueKind.Null), (before.GetProperty("compared").GetInt64(), before.GetProperty("lastAt").ValueKind));
        await node.Database.ExecuteAsync(
            "update cache_truth set compared = 12480, differing = 3, last_at = $1, last_differing_at = $1",
            new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero)
        );
        using var compared = await node.GetAsync("/api/admin/cache/stats", admin, Ct);
        var after = (await compared.JsonAsync()).GetProperty("comparison");
        Assert.Equal(
            (12_480, 3, "2026-11-20T12:00:00.000Z", "2026-11-20T12:00:00.000Z"),
            (
                after.GetProperty("compared").GetInt64(),
                after.GetProperty("differing").GetInt64(),
                after.GetProperty("lastAt").GetString(),
                after.GetProperty("lastDifferingAt").GetString()
            )
        );

        using var notAdmin = await node.GetAsync("/api/admin/cache/stats", user, Ct);
        using var nobody = await node.GetAsync("/api/admin/cache/stats", null, Ct);
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized), (notAdmin.StatusCode, nobody.StatusCode));
    }

    [Fact]
    public async Task Health_G6_ColdCache_IsDegradedAtWorst()
    {
        await using var node = fixture.Another();
        for (var i = 0; i < 1_000; i++)
            node.Get<CacheTelemetry>().Read(CacheSet.Results, CacheOutcome.Miss);
        using var health = await node.GetAsync("/health", ct: Ct);
        Assert.Equal(
            (HttpStatusCode.OK, "Degraded: cache-statistics, workers"),
            (health.StatusCode, await health.Content.ReadAsStringAsync(Ct))
        );
    }

    [Fact]
    public async Task Loop_G6_LogsEveryFiveMinutes()
    {
        TestClock time = new();
        LogLines lines = new();
        CacheTelemetry telemetry = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        CacheCircuit circuit = new(Options.Create(new CacheOptions()), time, telemetry, NullLogger<CacheCircuit>.Instance);
        using CacheMonitorLoop loop = new(new CacheMonitor(telemetry, time), circuit, time, new LogLines<CacheMonitorLoop>(lines));
        await loop.StartAsync(Ct);
        await Eventually.TrueAsync(() => time.Timers == 1, "the loop waits");
        time.Advance(CacheMonitor.Window - CacheMonitor.Step);
        Assert.Empty(lines.All);

        await Eventually.TrueAsync(
            () =>
            {
                telemetry.Read(CacheSet.Flags, CacheOutcome.Hit);
                time.Advance(CacheMonitor.Step);
                return lines.All.Any(line =>
                    line.StartsWith("Information The cache is healthy; in the last five minutes ", StringComparison.Ordinal)
                    && line.Contains(", misses: 0, sets: 0, errors: 0, hit rate: 100.0 %", StringComparison.Ordinal)
                );
            },
            "the figures are logged"
        );
        await loop.StopAsync(Ct);
    }
}
