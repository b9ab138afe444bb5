using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Runs;

/// <summary>What `jobs run` tells whoever started a run by hand.</summary>
public sealed class RunCommandTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_MarketWithoutUsers_SaysSo()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);

        var command = await JobsCommand.RunAsync(
            servers,
            night.DatabaseConnection,
            ["run", "--market", "LSE"],
            night.CacheConnection,
            null,
            Ct
        );

        Assert.Equal(0, command.ExitCode);
        Assert.Contains("LSE has no active user with a holding that is not ignored", command.Output, StringComparison.Ordinal);
        Assert.Contains("0 users computed", command.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_StepThatFailsForGood_IsToldInSentencesAndExitsWithThree()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        await night.ExecuteAsync("delete from prices", Ct);

        var command = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["run"], night.CacheConnection, null, Ct);

        Assert.Equal(3, command.ExitCode);
        Assert.Contains("has a price", command.Output, StringComparison.Ordinal);
        Assert.Contains("Run failed", command.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", command.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithAUserThatFails_ExitsWithTwoAlsoWhereItIsOnlyShown()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 3, Ct);
        await night.ExecuteAsync(
            "update portfolios set criteria_version = null where user_id = (select min(user_id::text)::uuid from holdings)",
            Ct
        );

        var run = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["run"], night.CacheConnection, null, Ct);
        var shown = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["run"], night.CacheConnection, null, Ct);

        Assert.Equal((2, 2), (run.ExitCode, shown.ExitCode));
        Assert.Contains("Run partial: 2 users computed, 1 failed", run.Output, StringComparison.Ordinal);
        Assert.Contains("no_criteria: 1 user (", run.Output, StringComparison.Ordinal);
        Assert.Contains("(revision 1, partial)", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retry_RunThatIsNotThere_NamesTheArgumentAndTheValue()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        var nowhere = Guid.CreateVersion7();

        var command = await JobsCommand.RunAsync(
            servers,
            night.DatabaseConnection,
            ["retry", $"{nowhere}"],
            night.CacheConnection,
            null,
            Ct
        );

        Assert.Equal((1, $"RUN: There is no run {nowhere}.{Environment.NewLine}"), (command.ExitCode, command.Error));
    }
}
