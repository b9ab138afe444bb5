using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Providers;
using StackExchange.Redis;

namespace Overnight.Tests.Proof;

/// <summary>SPEC I: the meter that keeps comparing cached bytes with stored ones.</summary>
public sealed class CacheTruthTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task I_Meter_ComparesEveryUserRoundAndRoundAndCounts()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, CacheTruth.Users + 20, Ct);
        await night.RunAsync(Ct);
        TestClock clock = new();
        var truth = Truth();
        Assert.Equal(new(0, 0, null, null), await CacheTruth.ReadAsync(night.Database, Ct));

        var first = await truth.SampleAsync(Ct);
        // Another process, or the same after a restart, goes on where this one was.
        var second = await Truth().SampleAsync(Ct);

        Assert.Equal((2 * CacheTruth.Users, 40), (first.Compared, second.Compared));
        Assert.Empty(first.Users.Concat(second.Users));
        Assert.Equal(0, first.Differing + second.Differing);
        Assert.Equal(new(2 * CacheTruth.Users + 40, 0, clock.GetUtcNow(), null), await CacheTruth.ReadAsync(night.Database, Ct));

        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        var users = await night.ScalarAsync<Guid[]>("select array(select user_id from current_results order by 1)", Ct);
        await cache
            .GetDatabase()
            .StringSetAsync([new(CacheKeys.Portfolio(users[3]), "{}"), new(CacheKeys.Recommendations(users[3]), "{}")]);
        await cache.GetDatabase().KeyDeleteAsync(CacheKeys.Recommendations(users[5]));
        clock.Advance(TimeSpan.FromHours(1));

        var third = await truth.SampleAsync(Ct);

        var told = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["cache", "stats"], night.CacheConnection, null, Ct);
        Assert.Contains(
            "compared with the stored results: 2 of 439 entries differ, the last compared 2026-11-20 13:00:00 UTC",
            told.Output,
            StringComparison.Ordinal
        );
        // What is not there is not compared.
        Assert.Equal(2 * CacheTruth.Users - 1, third.Compared);
        // Entries are counted, of which a user has two.
        Assert.Equal(2, third.Differing);
        Assert.Equal([users[3]], third.Users);
        Assert.Equal(
            new(4 * CacheTruth.Users + 39, 2, clock.GetUtcNow(), clock.GetUtcNow()),
            await CacheTruth.ReadAsync(night.Database, Ct)
        );

        CacheTruth Truth() => new(night.Database, night.Services.GetRequiredService<CacheStore>(), clock);
    }

    /// <summary>The figures reach a metric, and what differs the log, where users are masked.</summary>
    [Fact]
    public async Task I_Loop_CountsInAMetricAndLogsWhatDiffers()
    {
        const int users = 21;
        await using var night = await PipelineFixture.CreateAsync(servers, users, Ct);
        await night.RunAsync(Ct);
        var user = await night.ScalarAsync<Guid>("select user_id from current_results order by 1 limit 1", Ct);
        ConcurrentQueue<string> measured = new();
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "overnight.cache.comparisons")
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => measured.Enqueue($"{value} {tags[0].Key}={tags[0].Value}"));
        listener.Start();
        LogLines lines = new();
        using CacheTruthLoop loop = new(
            new(night.Database, night.Services.GetRequiredService<CacheStore>(), TimeProvider.System),
            new(NullLogger<DatabaseState>.Instance),
            TimeProvider.System,
            new LogLines<CacheTruthLoop>(lines)
        );

        await loop.TickAsync(Ct);
        // Meters are of the process, in which other tests run at the same time.
        Assert.Contains($"{2 * users} outcome=same", measured);
        Assert.DoesNotContain("differ", string.Join('\n', lines.All), StringComparison.Ordinal);
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        await cache.GetDatabase().StringSetAsync(CacheKeys.Portfolio(user), "{}", TimeSpan.FromMinutes(5));
        await loop.TickAsync(Ct);

        Assert.Contains($"{2 * users - 1} outcome=same", measured);
        Assert.Contains("1 outcome=differs", measured);
        var line = Assert.Single(lines.All);
        Assert.Contains("Cached results that differ from the stored ones: 1, of users ", line, StringComparison.Ordinal);
        Assert.DoesNotContain($"{user}", line, StringComparison.Ordinal);
    }

    /// <summary>While the cache is away a night stores results, and caches them at its end: until then older entries are right.</summary>
    [Fact]
    public async Task I_ResultThatWaitsToBeCached_IsNotCompared()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, batchSize: 10);
        await night.RunAsync(Ct);
        var user = await night.ScalarAsync<Guid>("select user_id from current_results order by 1 limit 1", Ct);
        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        await cache.GetDatabase().StringSetAsync(CacheKeys.Portfolio(user), "{}", TimeSpan.FromMinutes(5));
        CacheTruth truth = new(night.Database, night.Services.GetRequiredService<CacheStore>(), TimeProvider.System);
        await night.ExecuteAsync("update run_batches set cached_at = null where number = 0", Ct);

        var waiting = await truth.SampleAsync(Ct);
        await night.ExecuteAsync("update run_batches set cached_at = now() where number = 0", Ct);
        var cached = await truth.SampleAsync(Ct);

        Assert.Equal((20, 0), (waiting.Compared, waiting.Differing));
        Assert.Equal((40, 1), (cached.Compared, cached.Differing));
    }

    [Fact]
    public async Task I_Processes_TakeTheNextUsersOneAfterAnother()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 5, Ct);
        await using var held = await HeldLock.TakeAsync(night.Database, "update cache_truth set last_user = last_user");

        var sample = new CacheTruth(night.Database, night.Services.GetRequiredService<CacheStore>(), TimeProvider.System).SampleAsync(Ct);

        var waiter = await held.WaiterAsync(sample);
        Assert.StartsWith("select last_user from cache_truth", waiter.Query, StringComparison.Ordinal);
        await held.RollbackAsync();
        Assert.Equal(0, (await sample).Compared);
    }
}
