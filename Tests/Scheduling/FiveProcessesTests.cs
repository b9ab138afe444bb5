using Overnight.Core.Runs;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Scheduling;

public sealed class FiveProcessesTests(TestServers servers)
{
    private const int Users = 400,
        Processes = 5;

    /// <summary>
    /// A market of the test's own, which opens between one and two hours from now on any day and is due a day before, so now.
    /// </summary>
    private static (string, string)[] DueNow(DateTimeOffset now) =>
        [
            ("Markets:TEST:TimeZone", "Etc/UTC"),
            ("Markets:TEST:Hours:0", $"{now.AddHours(2):HH}:00-{now.AddHours(2):HH}:59"),
            ("Markets:TEST:Weekend:0", $"{now.AddDays(4).DayOfWeek}"),
            ("Markets:TEST:Lead", "1.00:00:00"),
            ("Schedule:RunAtFirstStart", "false"),
            ("Night:BatchSize", "10"),
        ];

    [Fact]
    public async Task Hosts_StartedAtOnceAtADueTime_ShareOneRun_AndNoUserTwice()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, Users, ct);
        await night.ExecuteAsync("insert into markets (code, name) values ('TEST', 'Test')", ct);
        await night.ExecuteAsync("update user_markets set market = 'TEST'", ct);
        await night.ExecuteAsync("update assets set market = 'TEST'", ct);

        var now = TimeProvider.System.GetUtcNow();
        List<TestJobsProcess> processes = [.. Enumerable.Range(0, Processes).Select(_ => TestJobsProcess.Start(night, [], DueNow(now)))];
        try
        {
            // Every one of them hears of runs, and the night is over.
            using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(100));
            while (
                await night.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where datname = current_database() and query = 'listen ' || $1",
                    ct,
                    RunStore.Channel
                ) < Processes
                || await night.ScalarAsync<long>(
                    "select count(*) from overnight_job_runs where job_type = 'scoring' and completed_at is not null",
                    ct
                ) == 0
            )
            {
                Assert.DoesNotContain(processes, process => process.HasExited);
                await pause.WaitForNextTickAsync(ct);
            }
        }
        finally
        {
            processes.ForEach(process => process.Dispose());
        }

        Assert.Equal(
            "TEST 1 catch-up completed",
            await night.ScalarAsync<string>(
                "select string_agg(market || ' ' || revision || ' ' || trigger || ' ' || status, ', ') from overnight_job_runs where job_type = 'scoring'",
                ct
            )
        );
        await night.AssertExactlyOnceAsync(
            await night.ScalarAsync<Guid>("select id from overnight_job_runs where job_type = 'scoring'", ct),
            Users,
            0,
            ct
        );
    }
}
