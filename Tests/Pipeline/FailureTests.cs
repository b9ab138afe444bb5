using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Doctor;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;
using Overnight.Tests.Health;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A4, A5: users that keep failing, runs that are retried, a PostgreSQL that goes away in mid-night.</summary>
public sealed class FailureTests(TestServers servers)
{
    private const string NoCriteria = "update portfolios set criteria_version = null where user_id = $1";

    [Fact]
    public async Task User_FailsTwiceInARowOnTheSameInputs_IsQuarantinedUntilTheyChange()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 30, ct);
        var user = await UserAsync(night, 7, ct);
        await night.ExecuteAsync(NoCriteria, ct, user);

        var first = await night.RunAsync(ct);
        var second = await night.RunAsync(ct, again: true);
        Assert.Equal(
            "no_criteria 2 true",
            await night.ScalarAsync<string>(
                "select reason || ' ' || failures || ' ' || (quarantined_at is not null) from failing_users where user_id = $1",
                ct,
                user
            )
        );
        var third = await night.RunAsync(ct, again: true);

        Assert.Equal(
            "false,false,true",
            await night.ScalarAsync<string>(
                "select string_agg(quarantined::text, ',' order by run_id) from run_failures where user_id = $1",
                ct,
                user
            )
        );
        foreach (var run in new[] { first, second, third })
            await night.AssertExactlyOnceAsync(run.Id, 30, 1, ct);

        await night.ExecuteAsync("update portfolios set criteria_version = 1 where user_id = $1", ct, user);
        var fourth = await night.RunAsync(ct, again: true);
        Assert.Equal("completed", fourth.Status);
        Assert.Equal(0, await night.ScalarAsync<long>("select count(*) from failing_users", ct));
    }

    [Fact]
    public async Task User_FailsForTheMarket_IsQuarantinedOnlyWhileTheMarketIsTheSame()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 20, ct);
        var user = await UserAsync(night, 3, ct);
        await night.ExecuteAsync("update users set base_currency = 'XTS' where id = $1", ct, user);
        await night.RunAsync(ct);
        await night.RunAsync(ct, again: true);
        Assert.True(await night.ScalarAsync<bool>("select quarantined_at is not null from failing_users where user_id = $1", ct, user));

        await night.ExecuteAsync(
            "insert into exchange_rates (base, quote, as_of, rate, source) values ('USD', 'XTS', now(), 2, 'test')",
            ct
        );
        var run = await night.RunAsync(ct, again: true);

        Assert.Equal("completed", run.Status);
    }

    [Fact]
    public async Task Retry_ComputesOnlyWhatFailed_AsTheNextRevision()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 120, ct);
        foreach (var n in new[] { 4, 5, 6, 77, 119 })
            await night.ExecuteAsync(NoCriteria, ct, await UserAsync(night, n, ct));
        var run = await night.RunAsync(ct);
        Assert.Equal("partial", run.Status);
        await night.ExecuteAsync("update portfolios set criteria_version = 1", ct);

        var retry = await RetryAsync(night, run.Id, ct);

        Assert.Equal(("completed", 2, run.Id), (retry.Status, retry.Revision, retry.RetryOf!.Value));
        await night.AssertExactlyOnceAsync(retry.Id, 5, 0, ct);
        // 4, 5 and 6 follow one another; nobody else is in a batch.
        Assert.Equal(3, await night.ScalarAsync<long>("select count(*) from run_batches where run_id = $1", ct, retry.Id));
        Assert.Equal(115, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, run.Id));
        Assert.Equal(5, await night.ScalarAsync<long>("select count(*) from current_results where run_id = $1", ct, retry.Id));
    }

    [Fact]
    public async Task Retry_NothingFailed_StartsNothing()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);
        var run = await night.RunAsync(ct);

        Assert.Null(await night.Services.GetRequiredService<RunRetry>().StartAsync(run.Id, Actor.Command, ct));
        Assert.Equal("run", (await Assert.ThrowsAsync<RequestException>(() => RetryAsync(night, Guid.NewGuid(), ct))).Field);
    }

    [Fact]
    public async Task Retry_RunUnderWay_IsRefused()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, ct);

        Assert.Contains(
            "under way",
            (await Assert.ThrowsAsync<RequestException>(() => RetryAsync(night, run.Id, ct))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Night_PostgresKilledOnTheWay_IsWaitedForAndTheNightGoesOn()
    {
        var ct = TestContext.Current.CancellationToken;
        var folder = await servers.CreateFolderAsync();
        var postgres = await servers.StartPostgresAsync(ct, folder);
        await using var night = await PipelineFixture.CreateOnAsync(servers, postgres, 600, ct);
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, false, ct);

        var working = night.Participant.WorkAsync(run, ct);
        await Eventually.TrueAsync(
            async () =>
                working.IsCompleted || await night.ScalarAsync<long>("select count(*) from run_batches where status = 'done'", ct) > 1,
            "batches are done"
        );
        postgres.Kill();
        await using var restarted = await servers.StartPostgresAsync(ct, folder, postgres.Port);
        await working;
        await night.Participant.CacheRestAsync(run.Id, ct);

        Assert.Equal("completed", (await night.Runs.FindAsync(run.Id, ct))!.Status);
        await night.AssertExactlyOnceAsync(run.Id, 600, 0, ct);
    }

    [Fact]
    public async Task Progress_IsStoredTwiceASecondAtMost()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 10, ct);
        var run = await night.RunAsync(ct);
        await night.ExecuteAsync(
            "update overnight_job_runs set status = 'started', completed_at = null, users_processed = 0, progress_at = null where id = $1",
            ct,
            run.Id
        );
        var progress = night.Services.GetRequiredService<RunProgressWriter>();

        Assert.True(await progress.StoreAsync(run.Id, ct));
        await night.ExecuteAsync(
            "update overnight_job_runs set progress_at = clock_timestamp() + interval '1 minute' where id = $1",
            ct,
            run.Id
        );
        Assert.False(await progress.StoreAsync(run.Id, ct));
        Assert.Equal(10, await night.ScalarAsync<int>("select users_processed from overnight_job_runs where id = $1", ct, run.Id));
    }

    [Fact]
    public async Task Doctor_NamesWhatIsStuckAndWhatToDo()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 20, ct);
        await WorkerTests.BeatAsync(new(night.Database, TimeProvider.System), TimeProvider.System);
        DoctorReport doctor = new(night.Database, new(night.Services.GetRequiredService<CacheStore>), TimeProvider.System);
        Assert.Empty(await doctor.FindAsync(ct));

        var user = await UserAsync(night, 3, ct);
        await night.ExecuteAsync(NoCriteria, ct, user);
        await night.RunAsync(ct);
        var partial = await night.RunAsync(ct, again: true);
        var (stuck, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, true, ct);
        await night.ExecuteAsync("update overnight_job_runs set started_at = now() - interval '1 hour' where id = $1", ct, stuck.Id);
        await night.ExecuteAsync(
            "insert into run_batches (run_id, number, first_user, last_user, size) values ($1, 0, $2, $2, 1)",
            ct,
            stuck.Id,
            user
        );
        await night.ExecuteAsync("insert into batch_attempts values ($1, 0, now() - interval '10 minutes', 'host/1')", ct, stuck.Id);

        var findings = await doctor.FindAsync(ct);

        Assert.Equal(3, findings.Count);
        Assert.Contains($"Run {stuck.Id}", findings[0].What, StringComparison.Ordinal);
        Assert.Contains("host/1", findings[1].What, StringComparison.Ordinal);
        Assert.Contains(
            $"User {user} is quarantined in NYSE: load/no_criteria, 2 nights in a row",
            findings[2].What,
            StringComparison.Ordinal
        );
        Assert.Contains($"jobs retry {partial.Id}", findings[2].Advice, StringComparison.Ordinal);
        Assert.All(findings, finding => Assert.NotNull(finding.Since));
    }

    private static Task<Guid> UserAsync(PipelineFixture night, int number, CancellationToken ct) =>
        night.ScalarAsync<Guid>("select user_id from portfolios order by 1 offset $1 limit 1", ct, number);

    private static async Task<PipelineRun> RetryAsync(PipelineFixture night, Guid run, CancellationToken ct)
    {
        var retry = (await night.Services.GetRequiredService<RunRetry>().StartAsync(run, Actor.Command, ct))!;
        await night.Participant.WorkAsync(retry, ct);
        return (await night.Runs.FindAsync(retry.Id, ct))!;
    }
}
