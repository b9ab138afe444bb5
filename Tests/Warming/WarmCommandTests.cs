using Overnight.Tests.Harness;
using Overnight.Tests.Input;

namespace Overnight.Tests.Warming;

/// <summary>SPEC E3: by hand, with count, estimate, statistics and help; and for a deployment, which never waits for a cache.</summary>
public sealed class WarmCommandTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Warm_E3_ByHand_WarmsEstimatesAndShowsStatistics()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await warm.AddResultsAsync(3);

        var estimate = await RunAsync(warm.DatabaseConnection, warm.CacheConnection, "warm", "--estimate");
        Assert.Equal(0, estimate.ExitCode);
        Assert.Contains("recommendations: 3 entries", estimate.Output);
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from overnight_job_runs"));

        var warmed = await RunAsync(warm.DatabaseConnection, warm.CacheConnection, "warm", "recommendations");
        Assert.True(warmed.ExitCode == 0, warmed.Error);
        Assert.Contains("recommendations: completed, 3 entries, 0 failed", warmed.Output);
        Assert.Contains("Estimated hit rate 100.0 %: 3 of 3 entries are warm", warmed.Output);
        Assert.Contains("is reached.", warmed.Output.TrimEnd().Split(Environment.NewLine)[^1]);

        var stats = await RunAsync(warm.DatabaseConnection, warm.CacheConnection, "cache", "stats");
        Assert.True(stats.ExitCode == 0, stats.Error);
        Assert.Contains("keys", stats.Output);
        Assert.Contains("recommendations: 3 entries, 0 failed, manual", stats.Output);
        Assert.Contains("sessions: not warmed on this server yet", stats.Output);
    }

    [Fact]
    public async Task Warm_Deployment_ExitsWithSuccessWhateverIsWrongUnlessStrict()
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        string[] deployment = ["warm", "--trigger", "deployment"];
        const string nobody = "127.0.0.1:1,connectTimeout=200";

        var patient = await RunAsync(database, nobody, deployment);
        Assert.Equal(0, patient.ExitCode);
        Assert.Contains("The cache does not answer", patient.Error);
        Assert.Equal(1, (await RunAsync(database, nobody, [.. deployment, "--strict"])).ExitCode);
        var unconfigured = await RunAsync(database, null, "warm", "--estimate");
        Assert.Equal(1, unconfigured.ExitCode);
        Assert.Contains("ConnectionStrings:cache is not set", unconfigured.Error);
        Assert.Equal(0, (await RunAsync(null, null, deployment)).ExitCode);
        Assert.Equal(1, (await RunAsync(database, null, [.. deployment, "--strict"])).ExitCode);
        Assert.Equal(0, (await RunAsync(database + "nowhere", nobody, deployment)).ExitCode);
    }

    [Theory]
    [InlineData(1, "SET: There is no warm set 'moon'. Known: ", "warm", "moon")]
    [InlineData(
        1,
        "--tenant: there is no tenant 019a0000-0000-7000-8000-000000000001.",
        "warm",
        "--tenant",
        "019a0000-0000-7000-8000-000000000001"
    )]
    [InlineData(1, "--tenant: there is no tenant", "warm", "--estimate", "--tenant", "019a0000-0000-7000-8000-000000000001")]
    [InlineData(
        1,
        "'sessions' is not per tenant, so it can't be warmed for one tenant. Sets per tenant: reference-essential, reference-master, reference-computed.",
        "warm",
        "sessions",
        "--tenant",
        "019a0000-0000-7000-8000-000000000001"
    )]
    [InlineData(1, "--tenant must be an id", "warm", "--tenant", "moon")]
    [InlineData(1, "--count must be at least 1", "warm", "--count", "0")]
    [InlineData(1, "--trigger must be manual or deployment", "warm", "--trigger", "moon")]
    public async Task Warm_AskedForWhatCannotBe_SaysWhatCan(int code, string words, params string[] arguments)
    {
        var result = await RunAsync(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), arguments);
        Assert.Equal(code, result.ExitCode);
        Assert.Contains(words, result.Error);
    }

    private Task<JobsCommand> RunAsync(string? database, string? cache, params string[] arguments) =>
        JobsCommand.RunAsync(servers, database, arguments, cache, null, Ct);
}
