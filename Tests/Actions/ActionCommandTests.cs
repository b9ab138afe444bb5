using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Actions;

/// <summary>SPEC A12: what commands of jobs do is in the action log, too.</summary>
public sealed class ActionCommandTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A12_EveryActionOfACommand_IsARow()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct);
        var user = await night.ScalarAsync<Guid>("select id from users where role = 'user' order by id limit 1", Ct);
        await night.ExecuteAsync("update portfolios set criteria_version = null where user_id = $1", Ct, user);
        var account = await night.Database.AddUserAsync();

        await RunAsync("", "run");
        await RunAsync("", "run");
        var run = await night.ScalarAsync<Guid>("select id from overnight_job_runs where job_type = 'scoring'", Ct);
        await night.ExecuteAsync(
            "update portfolios set criteria_version = (select max(version) from criteria_versions where user_id = $1) where user_id = $1",
            Ct,
            user
        );
        await RunAsync("", "retry", $"{run}");
        await RunAsync("", "warm", "recommendations");
        await RunAsync("", "cache", "invalidate", $"{user}");
        await RunAsync("", "cache", "invalidate", "--all");
        await RunAsync("a password of mine\n", "user", "password", $"{account:N}@test.example");

        var rows = await night.Database.ActionsAsync();
        Assert.All(rows, row => Assert.Equal(("command", null), (row.Actor, row.By)));
        Assert.Equal(
            [
                ("run", "started", null),
                ("run", "joined", null),
                ("retry", "started", null),
                ("warm", "started", null),
                ("invalidate", "invalidated", user),
                ("invalidate", "invalidated", null),
                ("password-set", "set", (Guid?)account),
            ],
            rows.Select(row => (row.Action, row.Outcome, row.Subject))
        );
        Assert.Equal([$"{run}", $"{run}", $"{run}"], rows.Take(3).Select(row => row.Target));

        async Task RunAsync(string input, params string[] arguments)
        {
            var command = await JobsCommand.RunAsync(servers, night.DatabaseConnection, arguments, night.CacheConnection, input, Ct);
            Assert.True(command.ExitCode is 0 or 2, command.Error);
        }
    }

    [Fact]
    public async Task A12_ScheduledStart_IsNobodysAction()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);

        await night.RunAsync(Ct);

        Assert.Empty(await night.Database.ActionsAsync());
    }
}
