using System.Diagnostics;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Warming;

/// <summary>
/// SPEC B6: the warming process, the cache or PostgreSQL is killed while a warm is under way, and meanwhile newer results are
/// committed and cached. The warm is resumed, ends complete, and has put nothing older over anything newer.
/// </summary>
public sealed class WarmKillTests(TestServers servers)
{
    private const string Set = RecommendationWarmSet.SetName;
    private const int Users = 60;

    /// <summary>Batches of 8 users, and no pause before one that broke is taken up again.</summary>
    private static readonly (string, string)[] Quick = [("Warming:MostInFlight", "16"), ("Warming:RetryInterval", "00:00:00")];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="at">The user, in the order of the warm, for whom it has to wait: there it is killed.</param>
    [Theory]
    [InlineData(0)]
    [InlineData(29)]
    [InlineData(59)]
    public async Task Process_KilledWithSigkill_IsResumedByTheNextAndNothingNewerIsLost(int at)
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var users = (await warm.AddResultsAsync(Users)).OrderBy(user => user.ToString(), StringComparer.Ordinal).ToArray();
        await using var connection = await warm.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await NewerResult.MakeAsync(connection, users[at], Ct);

        using (var killed = Start(warm))
        {
            await WaitsAsync(warm, () => killed.HasExited);
            await Eventually.TrueAsync(
                async () =>
                    (await Task.WhenAll(users.Take(at / 8 * 8).Select(user => warm.Cache.KeyExistsAsync(CacheKeys.Portfolio(user))))).All(
                        there => there
                    ),
                "the batches before are warm"
            );
            Assert.False(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(users[at])));
            killed.Kill();
            Assert.NotEqual(0, (await killed.ExitAsync(Ct)).Code);
        }
        // The one it waited for, one that it had warmed perhaps, and one that it had not.
        await transaction.CommitAsync(Ct);
        await NewerResult.CacheAsync(warm.Cache, users[at]);
        foreach (var user in users.Except([users[at]]).Where((_, i) => i is 1 or 50))
            await NewerResult.MakeAndCacheAsync(warm.Database, warm.Cache, user, Ct);

        using (var resumed = Start(warm))
        {
            var (code, output, error) = await resumed.ExitAsync(Ct);
            Assert.True(code == 0, output + error);
        }

        await NewerResult.AssertAllCachedAsync(warm.Database, warm.Cache, Users, Ct);
        Assert.Equal(
            "failed interrupted, completed -",
            await warm.ScalarAsync<string>(
                """
                select string_agg(status || ' ' || coalesce(error_details ->> 'reason', '-'), ', ' order by id)
                from overnight_job_runs where job_type = 'cache-warm'
                """
            )
        );
        Assert.True((await warm.Get<WarmProgressStore>().ReadAsync(Ct))[Set].CompletedAt is not null);
    }

    /// <summary>A warm of a part of the set is remembered by nobody, and still not left unfinished in the record.</summary>
    [Fact]
    public async Task Process_KilledInAWarmOfSome_IsRecordedAsInterruptedByTheNext()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var user = Assert.Single(await warm.AddResultsAsync(1));
        await using (var connection = await warm.Database.OpenConnectionAsync(Ct))
        await using (await connection.BeginTransactionAsync(Ct))
        {
            await NewerResult.MakeAsync(connection, user, Ct);
            using var killed = Start(warm, "--count", "1");
            await WaitsAsync(warm, () => killed.HasExited);
            killed.Kill();
            await killed.ExitAsync(Ct);
        }
        Assert.Equal(1, await warm.ScalarAsync<long>("select count(*) from overnight_job_runs where completed_at is null"));

        Assert.Equal(WarmStatus.Completed, (await warm.WarmAsync(Set, Ct)).Status);

        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from overnight_job_runs where completed_at is null"));
        Assert.Equal(
            "interrupted",
            await warm.ScalarAsync<string>("select error_details ->> 'reason' from overnight_job_runs where status = 'failed'")
        );
    }

    [Fact]
    public async Task Cache_KilledOnTheWay_IsWarmedAnewWithWhatIsNewer()
    {
        var folder = await servers.CreateFolderAsync();
        var cache = await servers.StartCacheAsync(Ct, folder);
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, null, Quick);
        var users = await warm.AddResultsAsync(Users);

        Assert.Equal(WarmStatus.Failed, (await warm.WarmAsync(Set, Ct, progress: new AtFirstReport(cache.Kill))).Status);
        await servers.StartCacheAsync(Ct, folder, cache.Port);
        await Eventually.TrueAsync(warm.IsCacheBackAsync, "the cache is back");
        foreach (var user in users.Where((_, i) => i % 7 == 0))
            await NewerResult.MakeAndCacheAsync(warm.Database, warm.Cache, user, Ct);

        await Eventually.TrueAsync(
            async () => (await warm.Loop.RunOnceAsync(Ct)).Any(report => report is { Trigger: WarmTrigger.ColdStart, IsWhole: true }),
            "the empty server is warmed"
        );

        await NewerResult.AssertAllCachedAsync(warm.Database, warm.Cache, Users, Ct);
    }

    [Fact]
    public async Task Postgres_KilledOnTheWay_IsResumedWithWhatIsNewer()
    {
        var folder = await servers.CreateFolderAsync();
        var postgres = await servers.StartPostgresAsync(Ct, folder);
        var database = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "warm", Ct);
        await using var warm = WarmFixture.Over(database, await servers.CacheConnectionStringAsync(Ct), null, Quick);
        var users = await warm.AddResultsAsync(Users);
        // A test's server need not keep what it was told a moment ago; this must be there afterwards.
        await TestRoles.AsAdministratorAsync(postgres.ConnectionString("postgres"), "checkpoint", Ct);

        var broken = await warm.WarmAsync(Set, Ct, progress: new AtFirstReport(postgres.Kill));

        Assert.Equal(WarmStatus.Failed, broken.Status);
        await using var restarted = await servers.StartPostgresAsync(Ct, folder, postgres.Port);
        await Eventually.TrueAsync(() => AnswersAsync(warm), "PostgreSQL is back");
        foreach (var user in users.Where((_, i) => i % 7 == 0))
            await NewerResult.MakeAndCacheAsync(warm.Database, warm.Cache, user, Ct);
        await Eventually.TrueAsync(
            async () =>
                (await warm.Loop.RunOnceAsync(Ct))
                    .SelectMany(report => report.Sets)
                    .Any(set => set is { Set: Set, Status: WarmStatus.Completed }),
            "it is resumed"
        );

        await NewerResult.AssertAllCachedAsync(warm.Database, warm.Cache, Users, Ct);
    }

    /// <summary>
    /// PostgreSQL drops the warm's connection, and its lock with it, while the cache has stopped in the middle of the write; what is
    /// newer has come before it.
    /// </summary>
    [Fact]
    public async Task Lock_LostWhileTheCacheStands_LeavesNothingOlderOverTheNewer()
    {
        var cache = await servers.StartCacheAsync(Ct);
        await using var warm = await WarmFixture.CreateAsync(servers, Ct, cache.ConnectionString, null, Quick);
        var user = Assert.Single(await warm.AddResultsAsync(1));
        await using var other = Npgsql.NpgsqlDataSource.Create(warm.DatabaseConnection + ";Pooling=false");
        Task<WarmOutcome> warming;
        await using (var connection = await other.OpenConnectionAsync(Ct))
        await using (await connection.BeginTransactionAsync(Ct))
        {
            await NewerResult.MakeAsync(connection, user, Ct);
            warming = warm.WarmAsync(Set, Ct);
            await WaitsAsync(warm, () => warming.IsCompleted);
            Signal(cache.ProcessId, "STOP");
        }
        // Not committed, so the warm has read what is older, and is writing it.
        await Eventually.TrueAsync(
            async () => await CountAsync(other, "state = 'idle in transaction' and query like '%calculation_results%'") == 1,
            "the warm has read"
        );
        await other.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
                + "and backend_type = 'client backend' and pid <> pg_backend_pid()"
        );
        await using (var connection = await other.OpenConnectionAsync(Ct))
            await NewerResult.MakeAsync(connection, user, Ct);
        Signal(cache.ProcessId, "CONT");

        Assert.Equal(WarmStatus.Failed, (await warming).Status);

        Assert.False(await warm.Cache.KeyExistsAsync(CacheKeys.Recommendations(user)));
        await Eventually.TrueAsync(async () => (await warm.WarmAsync(Set, Ct)).Status == WarmStatus.Completed, "it is resumed");
        await NewerResult.AssertAllCachedAsync(other, warm.Cache, 1, Ct);
    }

    private static async Task<long> CountAsync(Npgsql.NpgsqlDataSource database, string condition)
    {
        await using var command = database.CreateCommand(
            $"select count(*) from pg_stat_activity where datname = current_database() and {condition}"
        );
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    private static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static TestJobsProcess Start(WarmFixture warm, params string[] arguments) =>
        TestJobsProcess.Start(warm.DatabaseConnection, warm.CacheConnection, ["warm", Set, .. arguments], Quick);

    private static Task WaitsAsync(WarmFixture warm, Func<bool> gone) =>
        Eventually.TrueAsync(
            async () =>
            {
                Assert.False(gone(), "The warm was over before it had to wait.");
                return await warm.ScalarAsync<long>(
                        "select count(*) from pg_locks where not granted and pid in (select pid from pg_stat_activity where datname = current_database())"
                    ) > 0;
            },
            "the warm waits for the lock"
        );

    private static async Task<bool> AnswersAsync(WarmFixture warm)
    {
        try
        {
            return await warm.ScalarAsync<int>("select 1") == 1;
        }
        catch (Npgsql.NpgsqlException)
        {
            // A connection of before.
            return false;
        }
    }
}
