using Overnight.Core.Runs;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A4, A5: Jobs as processes that are killed, or that share one night.</summary>
public sealed class KillTests(TestServers servers)
{
    private const int Users = 600;

    [Theory]
    [InlineData("claimed", 2)]
    [InlineData("loaded", 3)]
    [InlineData("calculated", 4)]
    [InlineData("written", 5)]
    [InlineData("committed", 6)]
    [InlineData("cached", 7)]
    public async Task Kill_AtACheckpoint_TheNextProcessGoesOnAndNothingCommittedIsRecomputed(string checkpoint, int after)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, Users, ct);

        using (
            var killed = TestJobsProcess.Start(
                night,
                ["run"],
                ("Faults:KillAt", checkpoint),
                ("Faults:KillAfter", $"{after}"),
                ("Night:Workers", "2")
            )
        )
        {
            Assert.NotEqual(0, (await killed.ExitAsync(ct)).Code);
        }
        var run = (await night.Runs.FindUnfinishedAsync(ct))!;
        var committed = await CommittedAsync(night, run.Id, ct);
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from calculation_results r where run_id = $1 and not exists (select from run_batches b where b.run_id = r.run_id and b.number = r.batch and b.status = 'done')",
                ct,
                run.Id
            )
        );

        using var resumed = TestJobsProcess.Start(night, ["run"]);
        var (code, output, error) = await resumed.ExitAsync(ct);

        Assert.True(code == 0, output + error);
        await night.AssertExactlyOnceAsync(run.Id, Users, 0, ct);
        Assert.StartsWith(committed, await CommittedAsync(night, run.Id, ct), StringComparison.Ordinal);
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from run_batches where run_id = $1 and status = 'done' and cached_at is null",
                ct,
                run.Id
            )
        );
        Assert.Contains("Joined", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KillAtUser_EndsAsOneNamedUserInAPartialRun()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, Users, ct);
        var culprit = await night.ScalarAsync<Guid>("select user_id from holdings group by 1 order by 1 offset 333 limit 1", ct);

        var kills = 0;
        while (true)
        {
            using var process = TestJobsProcess.Start(night, ["run"], ("Faults:KillAtUser", $"{culprit}"), ("Night:Workers", "1"));
            // The user at fault makes the run a partial one.
            if ((await process.ExitAsync(ct)).Code == CommandLine.Partial)
                break;
            Assert.True(++kills < 12, "The night does not end.");
        }

        var run = await night.ScalarAsync<Guid>("select id from overnight_job_runs where job_type = 'scoring'", ct);
        Assert.Equal("partial", (await night.Runs.FindAsync(run, ct))!.Status);
        await night.AssertExactlyOnceAsync(run, Users, 1, ct);
        Assert.Equal(
            culprit,
            await night.ScalarAsync<Guid>("select user_id from run_failures where run_id = $1 and reason = 'ended_worker'", ct, run)
        );
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task ManyProcesses_OneNight_NoUserTwice(int processes)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, Users, ct);
        // Planned before they come, so that none of them can be done before the last has begun.
        var (run, _) = await night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Schedule, false, ct);

        var started = Enumerable.Range(0, processes).Select(_ => TestJobsProcess.Start(night, ["run"], ("Night:BatchSize", "10"))).ToList();
        try
        {
            foreach (var process in started)
            {
                var (code, output, error) = await process.ExitAsync(ct);
                Assert.True(code == 0, output + error);
            }
        }
        finally
        {
            started.ForEach(p => p.Dispose());
        }

        await night.AssertExactlyOnceAsync(run.Id, Users, 0, ct);
        Assert.Equal(1, await night.ScalarAsync<long>("select count(*) from overnight_job_runs where job_type = 'scoring'", ct));
    }

    /// <summary>What is stored of each finished batch, in an order that new batches only append to.</summary>
    private static Task<string> CommittedAsync(PipelineFixture night, Guid run, CancellationToken ct) =>
        night.ScalarAsync<string>(
            """
            select coalesce(string_agg(hash, ',' order by completed_at, number), '') from (
                select b.completed_at, b.number, md5(string_agg(r.user_id::text || r.generated_at::text || md5(r.recommendations), ',' order by r.user_id)) as hash
                from run_batches b join calculation_results r on r.run_id = b.run_id and r.batch = b.number where b.run_id = $1 group by 1, 2) x
            """,
            ct,
            run
        );
}
