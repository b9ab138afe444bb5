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
    public async Task Run_StepThatFailsForGood_IsToldInSentencesAndExitsWithOne()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 1, Ct);
        await night.ExecuteAsync("delete from prices", Ct);

        var command = await JobsCommand.RunAsync(servers, night.DatabaseConnection, ["run"], night.CacheConnection, null, Ct);

        Assert.Equal(1, command.ExitCode);
        Assert.Contains("has a price", command.Output, StringComparison.Ordinal);
        Assert.Contains("Run failed", command.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Unhandled", command.Error, StringComparison.Ordinal);
    }
}
