using Microsoft.Extensions.DependencyInjection;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;
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
        CacheTruth truth = new(night.Database, night.Services.GetRequiredService<CacheStore>(), clock);
        Assert.Equal(new(0, 0, null, null), await CacheTruth.ReadAsync(night.Database, Ct));

        var first = await truth.SampleAsync(Ct);
        var second = await truth.SampleAsync(Ct);

        Assert.Equal((2 * CacheTruth.Users, 40), (first.Compared, second.Compared));
        Assert.Empty(first.Differing.Concat(second.Differing));
        Assert.Equal(new(2 * CacheTruth.Users + 40, 0, clock.GetUtcNow(), null), await CacheTruth.ReadAsync(night.Database, Ct));

        using var cache = await ConnectionMultiplexer.ConnectAsync(night.CacheConnection);
        var users = await night.ScalarAsync<Guid[]>("select array(select user_id from current_results order by 1)", Ct);
        await cache.GetDatabase().StringSetAsync(CacheKeys.Portfolio(users[3]), "{}", TimeSpan.FromMinutes(5));
        await cache.GetDatabase().KeyDeleteAsync(CacheKeys.Recommendations(users[5]));
        clock.Advance(TimeSpan.FromHours(1));

        var third = await truth.SampleAsync(Ct);

        var told = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["cache", "stats"], night.CacheConnection, null, Ct);
        Assert.Contains("compared with the stored results: 1 of 439 entries differ, the last compared 2026-11-20 13:00:00 UTC", told.Output, StringComparison.Ordinal);
        // What is not there is not compared.
        Assert.Equal(2 * CacheTruth.Users - 1, third.Compared);
        Assert.Equal([users[3]], third.Differing);
        Assert.Equal(
            new(4 * CacheTruth.Users + 39, 1, clock.GetUtcNow(), clock.GetUtcNow()),
            await CacheTruth.ReadAsync(night.Database, Ct)
        );
    }
}
