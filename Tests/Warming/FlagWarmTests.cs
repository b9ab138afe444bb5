using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Core.Warming;
using Overnight.Jobs.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>SPEC F2-F4: the warm set <c>flags</c>.</summary>
public sealed class FlagWarmTests(TestServers servers)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly string _environment = TestFlags.NewEnvironment();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Count", "a", "b")]
    [InlineData("LastAccess", "b", "c")]
    public async Task Warm_F2_TakesTheMostUsedThatAreEnabledForTheirTtl(string order, params string[] expected)
    {
        await using var warm = await CreateAsync(("Warming:Flags:Count", "2"), ("Warming:Flags:Order", order));
        await AddAsync(warm, "a", count: 9, accessed: Noon);
        await AddAsync(warm, "b", count: 5, accessed: Noon.AddHours(2));
        await AddAsync(warm, "c", count: 1, accessed: Noon.AddHours(1));
        await AddAsync(warm, "off", enabled: false, count: 99, accessed: Noon.AddHours(3));
        await AddAsync(warm, "unused");
        await warm.Database.AddFlagAsync("elsewhere", "d", count: 100);

        var outcome = await warm.WarmAsync(FlagWarmSet.SetName, Ct);

        Assert.Equal((WarmStatus.Completed, 2), (outcome.Status, outcome.Warmed));
        Assert.Equal(
            expected,
            ((string[])["a", "b", "c", "off", "unused"]).Where(key => warm.Cache.KeyExists(CacheKeys.Flag(_environment, key)))
        );
        Assert.InRange((await warm.Cache.KeyTimeToLiveAsync(CacheKeys.Flag(_environment, "b")))!.Value.TotalSeconds, 200, 300);
    }

    [Fact]
    public async Task Warm_F2_NothingEverCounted_TakesAllThatAreEnabled()
    {
        await using var warm = await CreateAsync(("Warming:Flags:Count", "2"));
        foreach (var key in (string[])["a", "b", "c"])
            await AddAsync(warm, key);
        await AddAsync(warm, "off", enabled: false);
        Assert.Equal(3, (await warm.WarmAsync(FlagWarmSet.SetName, Ct)).Warmed);
        Assert.Equal(1, (await warm.WarmAsync(FlagWarmSet.SetName, Ct, count: 1)).Warmed);
    }

    /// <summary>SPEC F4: what the warm wrote is what a node reads, without a query.</summary>
    [Fact]
    public async Task Get_F4_OfAWarmedFlag_AsksNoDatabaseForIt()
    {
        await using var warm = await CreateAsync();
        await AddAsync(warm, "a");
        await warm.WarmAsync(FlagWarmSet.SetName, Ct);
        await using ApiApp api = new(
            warm.DatabaseConnection,
            warm.CacheConnection,
            settings: new Dictionary<string, string> { ["Flags:Environment"] = _environment }
        );
        var (_, token) = await api.Database.SignInAsync();

        Assert.Equal("cache", (await api.FlagAsync("a", token)).GetProperty("source").GetString());
        Assert.Equal(0, api.Queries.Count("feature_flags"));
    }

    [Fact]
    public async Task Warm_F4_ColdStart_GivesReadersNoError_AndThenHardlyAStatement()
    {
        const int flags = 20;
        var cache = await servers.StartCacheAsync(Ct);
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            cache.ConnectionString,
            null,
            ("Flags:Environment", _environment),
            ("Warming:Flags:Count", $"{flags}")
        );
        await AddAsync(warm, "rare", count: 1);
        for (var i = 0; i < flags; i++)
            await AddAsync(warm, $"flag-{i}", count: 100 - i);
        await using ApiApp api = new(
            warm.DatabaseConnection,
            cache.ConnectionString,
            settings: new Dictionary<string, string> { ["Flags:Environment"] = _environment, ["Flags:MemoryTtl"] = "0" }
        );
        var (_, token) = await api.Database.SignInAsync();

        var meanwhile = ReadAsync();
        Assert.Equal(WarmTrigger.ColdStart, Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Trigger);
        await meanwhile;
        await warm.Cache.KeyDeleteAsync(CacheKeys.Flag(_environment, "rare"));
        var statements = api.Queries.Count("feature_flags");
        var sources = await ReadAsync();

        Assert.Equal((flags, flags + 1), (sources.Count(source => source == "cache"), sources.Length));
        Assert.Equal(statements + 1, api.Queries.Count("feature_flags"));

        async Task<string?[]> ReadAsync() =>
            await Task.WhenAll(
                ((string[])["rare", .. Enumerable.Range(0, flags).Select(i => $"flag-{i}")]).Select(async key =>
                    (await api.FlagAsync(key, token)).GetProperty("source").GetString()
                )
            );
    }

    [Fact]
    public async Task Warm_F4_IsMeasuredWithItsTrigger()
    {
        await using var warm = await CreateAsync();
        await AddAsync(warm, "a");
        ConcurrentQueue<string> measured = new();
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (
                instrument.Meter.Scope == warm.Get<IMeterFactory>()
                && instrument.Name.StartsWith("overnight.warm.", StringComparison.Ordinal)
            )
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) => measured.Enqueue($"{instrument.Name} {value} {Text(tags)}")
        );
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => measured.Enqueue($"{instrument.Name} {Text(tags)}"));
        listener.Start();

        await warm.WarmAsync(FlagWarmSet.SetName, Ct);

        Assert.Equal(
            [
                "overnight.warm.entries 1 set=flags trigger=manual outcome=written",
                "overnight.warm.duration set=flags trigger=manual outcome=completed",
            ],
            measured
        );

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"));
    }

    [Fact]
    public async Task Warm_F4_MoreThanOneErrorInAnHour_IsToldOnce()
    {
        TestClock time = new();
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, null, time, ("Flags:Environment", _environment));
        await warm.Database.ExecuteAsync("alter table feature_flags rename to feature_flags_away");

        await FailAsync();
        Assert.Equal("", await ToldAsync());
        time.Advance(TimeSpan.FromMinutes(61));
        await FailAsync();
        Assert.Equal("", await ToldAsync());
        time.Advance(TimeSpan.FromMinutes(59));
        await FailAsync();
        await Task.WhenAll(ToldAsync(), ToldAsync());
        Assert.Equal("2 manual", await ToldAsync());
        // Neither the same two again, nor a third alone.
        time.Advance(TimeSpan.FromMinutes(1));
        await FailAsync();
        Assert.Equal("2 manual", await ToldAsync());
        await FailAsync();
        Assert.Equal("2 manual, 2 manual", await ToldAsync());

        async Task FailAsync() => Assert.Equal(WarmStatus.Failed, (await warm.WarmAsync(FlagWarmSet.SetName, Ct)).Status);

        async Task<string> ToldAsync()
        {
            await warm.Get<WarmDeadlineWatch>().TickAsync(Ct);
            return await warm.ScalarAsync<string>(
                """
                select coalesce(string_agg(concat_ws(' ', body -> 'data' ->> 'errors', body -> 'data' -> 'triggers' ->> 0), ', '), '')
                from (select convert_from(body, 'UTF8')::json as body from notices where event = 'warm.errors') told
                """
            );
        }
    }

    /// <summary>The warm holds what it read until it is written, so that a change is never overwritten by what was before.</summary>
    [Fact]
    public async Task Warm_OfAFlagThatWasInvalidated_PutsWhatIsNewInItsPlace()
    {
        await using var warm = await CreateAsync();
        await using ApiApp api = new(
            warm.DatabaseConnection,
            warm.CacheConnection,
            settings: new Dictionary<string, string> { ["Flags:Environment"] = _environment }
        );
        var (_, token) = await api.Database.SignInAsync("admin");
        await AddAsync(warm, "a");
        await warm.WarmAsync(FlagWarmSet.SetName, Ct);
        using (await api.PatchFlagAsync("a", token, """{"value":7}"""))
            Assert.True(CacheEntry.IsInvalidation((byte[])(await warm.Cache.StringGetAsync(CacheKeys.Flag(_environment, "a")))!));

        await warm.WarmAsync(FlagWarmSet.SetName, Ct);

        var flag = await api.FlagAsync("a", token);
        Assert.Equal(("cache", 7), (flag.GetProperty("source").GetString(), flag.GetProperty("value").GetInt32()));
    }

    /// <summary>SPEC F3: hourly, and F4: switched off by configuration, where a warm by hand is done anyway.</summary>
    [Fact]
    public async Task Loop_F3_HourLater_WarmsAgain_UnlessSwitchedOff()
    {
        var cache = await servers.StartCacheAsync(Ct);
        TestClock time = new();
        var database = await servers.CreateDatabaseAsync(Ct);
        await using var warm = WarmFixture.Over(database, cache.ConnectionString, time, ("Flags:Environment", _environment));
        await using var off = WarmFixture.Over(
            database,
            cache.ConnectionString,
            time,
            ("Flags:Environment", _environment),
            ("Warming:Flags:Enabled", "false")
        );
        await AddAsync(warm, "a");
        Assert.DoesNotContain(Assert.Single(await off.Loop.RunOnceAsync(Ct)).Sets, set => set.Set == FlagWarmSet.SetName);
        Assert.Equal(FlagWarmSet.SetName, Assert.Single(Assert.Single(await warm.Loop.RunOnceAsync(Ct)).Sets).Set);

        time.Advance(TimeSpan.FromMinutes(61));
        Assert.DoesNotContain((await off.Loop.RunOnceAsync(Ct)).SelectMany(report => report.Sets), set => set.Set == FlagWarmSet.SetName);
        var flags = (await warm.Loop.RunOnceAsync(Ct)).Select(report =>
            (report.Trigger, Flags: report.Sets.SingleOrDefault(set => set.Set == FlagWarmSet.SetName))
        );
        Assert.Equal(
            [(WarmTrigger.Schedule, 1L)],
            flags.Where(report => report.Flags is not null).Select(report => (report.Trigger, report.Flags!.Warmed))
        );
        Assert.Equal(1, (await off.WarmAsync(FlagWarmSet.SetName, Ct)).Warmed);
    }

    [Fact]
    public void Options_OutOfBounds_NameKeyBoundAndValue()
    {
        WarmingOptions bad = new()
        {
            Flags = new()
            {
                Count = 0,
                Interval = TimeSpan.FromDays(8),
                TimeLimit = TimeSpan.Zero,
                Order = (FlagOrder)7,
            },
        };
        var failures = new SectionValidator<WarmingOptions>(WarmingOptions.Section).Validate(null, bad).Failures!.ToList();
        Assert.Equal(4, failures.Count);
        Assert.Contains("Warming:Flags:Count must be between 1 and 100000, and is 0.", failures);
    }

    private Task<WarmFixture> CreateAsync(params (string Key, string Value)[] settings) =>
        WarmFixture.CreateAsync(servers, Ct, settings: [("Flags:Environment", _environment), .. settings]);

    private Task AddAsync(WarmFixture warm, string key, bool enabled = true, long count = 0, DateTimeOffset? accessed = null) =>
        warm.Database.AddFlagAsync(_environment, key, enabled, null, count, accessed);
}
