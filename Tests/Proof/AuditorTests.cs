using Overnight.Auditor;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using Overnight.Tests.Health;
using Overnight.Tests.Input;
using StackExchange.Redis;

namespace Overnight.Tests.Proof;

/// <summary>
/// SPEC I: what the auditor, which shares nothing with what it audits, sees and says; <see cref="PlantedFaultTests"/> has what it finds.
/// </summary>
public sealed class AuditorTests(TestServers servers)
{
    private static readonly AuditOptions Patient = new(TimeSpan.FromMinutes(5));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task I_CleanNights_HaveNoFindings()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);

        var report = await AuditAsync(proof);

        Assert.Empty(report.Findings);
        const int computed = ProofNight.Users - 2;
        Assert.Equal((2, 0, null, true), (report.Runs, report.RunsLeft, report.CacheTrouble, report.IsWhole));
        Assert.Equal((2 * computed, 2 * (4 * computed + 2 * 2), 2 * computed), (report.Results, report.Events, report.CacheEntries));
    }

    [Fact]
    public async Task I_TimeLimit_LeavesRunsOutAndSaysSo()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        var report = await DatabaseAudit.RunAsync(proof.Night.Database, new(TimeSpan.Zero), Ct);

        Assert.Equal((0, 1, false), (report.Runs, report.RunsLeft, report.IsWhole));
        Assert.Equal(["the chain of seals", "results in force", "cached results", "runs", "doubled results"], report.NotReached);
    }

    /// <summary>Each part can be the one that the limit cuts short; without a finding that is not a clean audit.</summary>
    [Theory]
    [InlineData("current_results", 1)]
    [InlineData("run_failures", 3)]
    public async Task I_AuditThatIsCutShort_SaysWhereAndIsNotClean(string table, int reached)
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await WorkerTests.BeatAsync(new(proof.Night.Database, TimeProvider.System), TimeProvider.System);
        await using var held = await HeldLock.TakeAsync(proof.Night.Database, $"lock table {table} in access exclusive mode");

        var cut = await DoctorAsync(proof, "--audit", "--limit", "6");

        Assert.Equal((2, ""), (cut.ExitCode, cut.Error));
        Assert.Contains("The time limit came first: 1 run not audited.", cut.Output, StringComparison.Ordinal);
        string[] parts = ["the chain of seals", "results in force", "cached results", "runs", "doubled results"];
        Assert.Contains($"{string.Join(", ", parts[reached..])}.", cut.Output, StringComparison.Ordinal);
        Assert.Contains("Nothing found in what was looked at.", cut.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task I_CacheThatDoesNotAnswer_IsNotACleanAudit()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        var report = await DatabaseAudit.RunAsync(
            proof.Night.Database,
            Patient with
            {
                Cache = "127.0.0.1:1,connectTimeout=100,connectRetry=1,abortConnect=true",
            },
            Ct
        );

        Assert.Empty(report.Findings);
        Assert.Equal((1, false), (report.Runs, report.IsWhole));
        Assert.NotNull(report.CacheTrouble);
    }

    /// <summary>An older entry is right as long as the batch of the newer result waits to be cached.</summary>
    [Fact]
    public async Task I_EntryWhoseBatchWaitsToBeCached_IsNoFault()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);
        using var cache = await ConnectionMultiplexer.ConnectAsync(proof.Night.CacheConnection);
        await cache.GetDatabase().StringSetAsync(CacheKeys.Portfolio(user), "{}", TimeSpan.FromMinutes(5));
        Assert.Single((await AuditAsync(proof)).Findings);

        await proof.Night.ExecuteAsync("update run_batches set cached_at = null where $1 between first_user and last_user", Ct, user);

        Assert.Empty((await AuditAsync(proof)).Findings);
    }

    /// <summary>Every calculation of the user names the version, in each night.</summary>
    [Fact]
    public async Task I_AlteredCriteria_AreReportedOnce()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await proof.Night.ExecuteAsync(
            "alter table criteria_versions disable trigger user; update criteria_versions set rules = replace(rules::text, "
                + $"'1', '2')::json where user_id = {PlantedChanges.OneUser}",
            Ct
        );

        Assert.Equal(FindingName.AlteredCriteria, Assert.Single((await AuditAsync(proof)).Findings).Name);
    }

    [Fact]
    public async Task I_Command_AuditsAndExits3ForAFinding()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await WorkerTests.BeatAsync(new(proof.Night.Database, TimeProvider.System), TimeProvider.System);

        var clean = await DoctorAsync(proof, "--audit");
        var bound = await DoctorAsync(proof, "--audit", "--limit", "0");
        await proof.Night.ExecuteAsync($"delete from calculation_results where user_id = {PlantedChanges.OneUser}", Ct);
        var missing = await DoctorAsync(proof, "--audit");

        Assert.Contains("Nothing is stuck.", clean.Output, StringComparison.Ordinal);
        Assert.Contains("Audited 1 run: 22 results, 92 events, 44 cached entries. Nothing found.", clean.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (clean.ExitCode, clean.Error));
        Assert.Equal((1, "--limit must be at least 1, not 0."), (bound.ExitCode, bound.Error.Split('\n')[0]));
        Assert.Equal(3, missing.ExitCode);
        Assert.Contains("missing-result: user ", missing.Output, StringComparison.Ordinal);
    }

    private Task<JobsCommand> DoctorAsync(ProofNight proof, params string[] arguments) =>
        JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, ["doctor", .. arguments], proof.Night.CacheConnection, null, Ct);

    private static Task<AuditReport> AuditAsync(ProofNight proof) =>
        DatabaseAudit.RunAsync(proof.Night.Database, Patient with { Cache = proof.Night.CacheConnection }, Ct);
}
