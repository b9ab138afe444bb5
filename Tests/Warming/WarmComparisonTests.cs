using System.Globalization;
using System.Text;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>SPEC E3: <c>jobs warm --prove</c>.</summary>
public sealed class WarmComparisonTests(TestServers servers)
{
    private const int Users = 5;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prove_E3_SameReads_AskTheDatabaseOnlyWithoutWarming()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        await warm.AddResultsAsync(Users);

        var proof = await ProveAsync(warm);

        Assert.True(proof.ExitCode == 0, proof.Error);
        // Each user reads twice: the first read misses where nothing is warm, and is repaired.
        Assert.Equal(("5 (50.0 %)", "10 (100.0 %)"), Row(proof, "answered by the cache"));
        var (without, with) = Row(proof, "database statements of the reads");
        Assert.InRange(int.Parse(without, CultureInfo.InvariantCulture), 2 * Users, 6 * Users);
        Assert.Equal("0", with);
        Assert.InRange(int.Parse(Row(proof, "database statements of warming").With, CultureInfo.InvariantCulture), 2, 2 * Users);
        foreach (var row in (string[])["p95 of a validation, ms", "p95 of recommendations, ms", "p95 of both, ms"])
            Assert.All([Row(proof, row).Without, Row(proof, row).With], ms =>
                Assert.True(double.Parse(ms, CultureInfo.InvariantCulture) > 0)
            );
        Assert.Equal(
            "Hit rate 100.0 %: 10 of 10 reads. The target of 90 % is reached.",
            proof.Output.TrimEnd().Split(Environment.NewLine)[^1]
        );
    }

    [Fact]
    public async Task Prove_OthersEntriesSessionsAndRecords_AreAsTheyWere()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);
        var users = await warm.AddResultsAsync(Users);
        RedisKey[] keys = [.. users.Select(user => (RedisKey)CacheKeys.Recommendations(user))];
        foreach (var key in keys)
            await warm.Cache.StringSetAsync(key, "somebody else's", TimeSpan.FromHours(1));
        List<string> heard = [];
        await warm.Cache.Multiplexer.ListenAsync(message =>
        {
            lock (heard)
                heard.Add(Encoding.UTF8.GetString(message));
        });

        var proof = await ProveAsync(warm);

        Assert.True(proof.ExitCode == 0, proof.Error);
        foreach (var key in keys)
            Assert.Equal("somebody else's", await warm.Cache.StringGetAsync(key));
        Assert.Empty(warm.Cache.Multiplexer.GetServers()[0].Keys(pattern: "overnight:proof:*"));
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from sessions"));
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from overnight_job_runs"));
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from warm_progress"));
        lock (heard)
            Assert.DoesNotContain(heard, message => users.Any(user => message.Contains($"{user:D}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Prove_OutsideDevelopmentOrWithoutResults_SaysSo()
    {
        await using var warm = await WarmFixture.CreateAsync(servers, Ct);

        var empty = await ProveAsync(warm);
        Assert.Equal(1, empty.ExitCode);
        Assert.Contains("No user has a result that could be read. Run a night first: jobs run.", empty.Error);

        await warm.AddResultsAsync(1);
        var production = await ProveAsync(warm, "Production");
        Assert.Equal(1, production.ExitCode);
        Assert.Contains("warm --prove is for Development alone", production.Error);
        Assert.Equal(0, await warm.ScalarAsync<long>("select count(*) from sessions"));
    }

    [Theory]
    [InlineData("can't be given SET", "sessions")]
    [InlineData("can't be given --estimate", "--estimate")]
    [InlineData("can't be given --trigger", "--trigger", "deployment")]
    [InlineData("can't be given --strict", "--strict")]
    [InlineData("can't be given --tenant", "--tenant", "019a0000-0000-7000-8000-000000000001")]
    [InlineData("--count must be at most 1000 with --prove, not 1001.", "--count", "1001")]
    [InlineData("--count must be at least 1, not 0.", "--count", "0")]
    public async Task Prove_WithWhatDoesNotGoWithIt_IsRefused(string words, params string[] arguments)
    {
        var refused = await JobsCommand.RunAsync(servers, null, Ct, ["warm", "--prove", .. arguments]);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(words, refused.Error);
    }

    private Task<JobsCommand> ProveAsync(WarmFixture warm, string environment = "Development") =>
        JobsCommand.RunAsync(servers, warm.DatabaseConnection, ["warm", "--prove"], warm.CacheConnection, null, Ct, environment);

    private static (string Without, string With) Row(JobsCommand proof, string name)
    {
        var cells = Assert
            .Single(proof.Output.Split(Environment.NewLine), line => line.Contains($" {name} ", StringComparison.Ordinal))
            .Split(['│', '|'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return cells is [_, var without, var with] ? (without, with) : ("", cells[^1]);
    }
}
