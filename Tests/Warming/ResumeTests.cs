using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Core.Warming;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>A warm that breaks is resumed where it stopped, ends complete, and is one however many ask for it.</summary>
public sealed class ResumeTests(TestServers servers)
{
    private const string Set = RecommendationWarmSet.SetName;

    /// <summary>Batches of 8 users.</summary>
    private static readonly (string, string) Small = ("Warming:MostInFlight", "16");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_StoppedOnTheWay_IsResumedBehindWhatItReached()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, settings: Small);
        var users = await warm.AddResultsAsync(60);
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            warm.WarmAsync(Set, stop.Token, progress: new AtFirstReport(stop.Cancel))
        );
        var broken = (await warm.Get<WarmProgressStore>().ReadAsync(Ct))[Set];
        Assert.True(broken is { CompletedAt: null, Warmed: > 0 and < 60 });
        // As a process leaves it that was killed.
        await warm.ScalarAsync<Guid>(
            "update overnight_job_runs set status = 'started', completed_at = null where id = $1 returning id",
            broken.RunId
        );

        var resumed = await warm.WarmAsync(Set, Ct);

        Assert.Equal((WarmStatus.Completed, 60, broken.Warmed), (resumed.Status, resumed.Warmed, resumed.ResumedAt));
        Assert.All(users, user =>
            Assert.True(warm.Cache.KeyExists(CacheKeys.Recommendations(user)) && warm.Cache.KeyExists(CacheKeys.Portfolio(user)))
        );
        Assert.Equal(
            "failed:interrupted",
            await warm.ScalarAsync<string>(
                "select status || ':' || (error_details ->> 'reason') from overnight_job_runs where id = $1",
                broken.RunId
            )
        );
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from overnight_job_runs where completed_at is null"));
        // Done is done: the next is a new one.
        Assert.Null((await warm.WarmAsync(Set, Ct)).ResumedAt);
    }

    [Fact]
    public async Task Warm_WhoBecameActiveSinceItBroke_IsNotMissed()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, settings: Small);
        var users = await warm.AddResultsAsync(40);
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            warm.WarmAsync(Set, stop.Token, progress: new AtFirstReport(stop.Cancel))
        );
        // All that are left move to the front, where the broken warm has been already.
        foreach (var user in users)
            await Dashboard.TestPeople.AddSessionAsync(warm.Database, user);

        await warm.WarmAsync(Set, Ct);

        Assert.All(users, user => Assert.True(warm.Cache.KeyExists(CacheKeys.Recommendations(user))));
    }

    [Fact]
    public async Task Warm_CacheKilledOnTheWay_BreaksAndBeginsAnewOnTheEmptyServer()
    {
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using var warm = await WarmFixture.CreateAsync(
            servers,
            Ct,
            cache.ConnectionString,
            null,
            Small,
            ("Warming:RetryInterval", "00:00:00")
        );
        var users = await warm.AddResultsAsync(60);

        var broken = await warm.WarmAsync(Set, Ct, progress: new AtFirstReport(cache.Kill));

        Assert.Equal(WarmStatus.Failed, broken.Status);
        Assert.NotNull(broken.Error);
        Assert.Equal(
            1,
            await warm.ScalarAsync<long>("select count(*) from overnight_job_runs where job_type = 'cache-warm' and status = 'failed'")
        );
        Assert.Empty(await warm.Loop.RunOnceAsync(Ct));

        await servers.StartCacheAsync(Ct, folder, cache.Port);
        await Eventually.TrueAsync(warm.IsCacheBackAsync, "the cache is back");
        await Eventually.TrueAsync(
            async () => (await warm.Loop.RunOnceAsync(Ct)).Any(report => report.Trigger == WarmTrigger.ColdStart && report.IsWhole),
            "the empty server is warmed"
        );

        Assert.All(users, user =>
            Assert.True(warm.Cache.KeyExists(CacheKeys.Recommendations(user)) && warm.Cache.KeyExists(CacheKeys.Portfolio(user)))
        );
        Assert.Equal(
            "60/60",
            await warm.ScalarAsync<string>(
                """
                select warmed || '/' || (select users_processed from overnight_job_runs r where r.id = run_id)
                from warm_progress where set_name = 'recommendations' and completed_at is not null
                """
            )
        );
    }

    [Fact]
    public async Task Warm_PostgresConnectionsEndedOnTheWay_IsResumed()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, settings: [Small, ("Warming:RetryInterval", "00:00:00")]);
        var users = await warm.AddResultsAsync(60);
        await using var other = Npgsql.NpgsqlDataSource.Create(warm.DatabaseConnection + ";Pooling=false");
        void EndConnections()
        {
            using var command = other.CreateCommand(
                """
                select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
                """
            );
            command.ExecuteNonQuery();
        }

        Assert.Equal(WarmStatus.Failed, (await warm.WarmAsync(Set, Ct, progress: new AtFirstReport(EndConnections))).Status);
        await Eventually.TrueAsync(
            async () =>
                (await warm.Loop.RunOnceAsync(Ct))
                    .SelectMany(report => report.Sets)
                    .Any(set => set is { Set: Set, Status: WarmStatus.Completed }),
            "it is resumed"
        );

        Assert.All(users, user => Assert.True(warm.Cache.KeyExists(CacheKeys.Recommendations(user))));
    }

    [Fact]
    public async Task Warm_OfASetThatAnotherWarms_IsLeftToIt()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await warm.AddResultsAsync(1);
        await using (await AdvisoryLock.TryTakeAsync(warm.Database, AdvisoryLock.Warm, Set, Ct))
        {
            Assert.Equal(WarmStatus.Running, (await warm.WarmAsync(Set, Ct)).Status);
            Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync(SessionWarmSet.SetName, Ct)).Status);
        }
        Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync(Set, Ct)).Status);
    }
}
