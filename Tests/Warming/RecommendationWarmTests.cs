using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

public sealed class RecommendationWarmTests(TestServers servers)
{
    private const string Set = RecommendationWarmSet.SetName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>SPEC B1, B2, B6.</summary>
    [Fact]
    public async Task Warm_B1_B2_CurrentResults_WritesBothKeysByteForByteWithTheirExactTtl()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var users = await warm.AddResultsAsync(3);

        var outcome = await warm.WarmAsync(Set, Ct);

        Assert.Equal((WarmStatus.Completed, 3, 0), (outcome.Status, outcome.Warmed, outcome.Failed));
        foreach (var user in users)
        {
            Assert.Equal(TestResults.Entry(user, "1.0000"), (byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
            Assert.Equal(TestResults.Portfolio(user), (byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Portfolio(user)));
            foreach (var key in (string[])[$"recs:{user:D}", $"portfolio:{user:D}"])
            {
                Assert.InRange(
                    (await warm.Cache.KeyTimeToLiveAsync(key))!.Value,
                    TimeSpan.FromSeconds(86_300),
                    TimeSpan.FromSeconds(86_400)
                );
            }
        }
    }

    [Fact]
    public async Task Warm_Fewer_TakesTheMostRecentlyActiveUsersAndNoneDeletedOrBanned()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var users = await warm.AddResultsAsync(5);
        // The last is the most active, but deleted; the one before it is banned.
        for (var i = 1; i < 5; i++)
        {
            await warm.Database.AddSessionAsync(users[i]);
            await warm.Database.ExecuteAsync(
                "update sessions set last_active_at = now() - make_interval(hours => $2) where user_id = $1",
                users[i],
                10 - i
            );
        }
        await warm.Database.ExecuteAsync("update users set deleted_at = now() where id = $1", users[4]);
        await warm.Database.ExecuteAsync("update users set banned_at = now() where id = $1", users[3]);

        Assert.Equal(2, (await warm.WarmAsync(Set, Ct, count: 2)).Warmed);

        var cached = users.Select(user => warm.Cache.KeyExists(CacheKeys.Recommendations(user))).ToArray();
        Assert.Equal([false, true, true, false, false], cached);
        // Less than the whole is not remembered as a warm of the set.
        Assert.Empty(await warm.Get<WarmProgressStore>().ReadAsync(Ct));
    }

    /// <summary>SPEC B6: who is likely to look first is served from the cache first.</summary>
    [Fact]
    public async Task Warm_AfterTheCacheLostEverything_BeginsWithTheMostRecentlyActiveUsers()
    {
        var cache = await servers.StartCacheAsync(Ct);
        // Batches of 8 users.
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, null, ("Warming:MostInFlight", "16"));
        var users = await warm.AddResultsAsync(60);
        Random.Shared.Shuffle(users);
        for (var i = 0; i < users.Length; i++)
        {
            await warm.Database.AddSessionAsync(users[i]);
            await warm.Database.ExecuteAsync(
                "update sessions set last_active_at = now() - make_interval(mins => $2) where user_id = $1",
                users[i],
                i
            );
        }
        await warm.Loop.RunOnceAsync(Ct);
        await cache.AdministerAsync("FLUSHALL");
        using CancellationTokenSource stop = new();

        var warmer = warm.Get<Warmer>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            warmer.WarmAsync(warmer.Find([Set]), new(WarmTrigger.ColdStart), new AtFirstReport(stop.Cancel), stop.Token)
        );

        var isCached = await Task.WhenAll(users.Select(user => warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(user))));
        var cached = isCached.TakeWhile(there => there).Count();
        Assert.InRange(cached, 8, 59);
        Assert.DoesNotContain(true, isCached.Skip(cached));
    }

    /// <summary>SPEC B3.</summary>
    [Fact]
    public async Task Warm_B3_ADamagedResult_FailsAloneAndIsCounted()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var users = await warm.AddResultsAsync(3);
        await warm.Database.ExecuteAsync("update calculation_results set recommendations = '{}' where user_id = $1", users[1]);

        var outcome = await warm.WarmAsync(Set, Ct);

        Assert.Equal((WarmStatus.Partial, 2, 1), (outcome.Status, outcome.Warmed, outcome.Failed));
        Assert.False(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(users[1])));
        Assert.True(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(users[2])));
        Assert.Equal(
            "partial/1/2/3",
            await warm.ScalarAsync<string>(
                "select concat_ws('/', status, users_failed, users_processed, users_total) from overnight_job_runs where job_type = 'cache-warm'"
            )
        );
    }

    /// <summary>SPEC B6: a newer result is committed, and its entry written, while an older one is being warmed.</summary>
    [Fact]
    public async Task Warm_B6_WhileANewerResultCommits_LeavesTheNewer()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var user = Assert.Single(await warm.AddResultsAsync(1));

        await using var connection = await warm.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        var newer = await NewerResult.MakeAsync(connection, user, Ct);
        var warming = warm.WarmAsync(Set, Ct);
        await Eventually.TrueAsync(
            async () =>
                await warm.ScalarAsync<long>(
                    "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())"
                ) > 0,
            "the warm waits for the lock"
        );
        Assert.False(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        await transaction.CommitAsync(Ct);
        await warm.Cache.StringSetAsync(CacheKeys.Recommendations(user), newer, CacheKeys.ResultTtl);

        Assert.Equal(1, (await warming).Warmed);
        Assert.Equal(newer, (byte[]?)await warm.Cache.StringGetAsync(CacheKeys.Recommendations(user)));
    }

    /// <summary>A full server refuses what it can't hold; nothing waits for it, and it is said.</summary>
    [Fact]
    public async Task Warm_IntoAFullCache_EndsAsFailedAndCountsEach()
    {
        var full = await servers.StartCacheAsync(Ct, program: LocalRedisProgram.Redis, maxMemory: "100mb");
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, full.ConnectionString);
        await warm.AddResultsAsync(5);
        await warm.Get<CacheInstanceMarker>().EnsureAsync();
        await full.AdministerAsync("CONFIG", "SET", "maxmemory", "1mb");

        var outcome = await warm.WarmAsync(Set, Ct);

        Assert.Equal((WarmStatus.Failed, 0, 5), (outcome.Status, outcome.Warmed, outcome.Failed));
    }
}
