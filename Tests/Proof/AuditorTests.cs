using Overnight.Auditor;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using Overnight.Tests.Health;
using Overnight.Tests.Input;
using StackExchange.Redis;

namespace Overnight.Tests.Proof;

/// <summary>
/// SPEC I: the auditor, which shares nothing with what it audits, finds each planted fault by its name, and nothing else.
/// </summary>
public sealed class AuditorTests(TestServers servers)
{
    private const string OneUser = "(select user_id from calculation_results order by user_id offset 3 limit 1)";

    private static readonly AuditOptions Patient = new(TimeSpan.FromMinutes(5));

    private static readonly (string Name, string Change)[] Faults =
    [
        (FindingName.MissingResult, $"delete from calculation_results where user_id = {OneUser}"),
        (
            FindingName.DoubledResult,
            $"insert into calculation_results select user_id, business_date + 1, run_id, batch, position, generated_at, recommendations, portfolio from calculation_results where user_id = {OneUser}"
        ),
        (
            FindingName.InventedResult,
            $"insert into calculation_results select f.user_id, r.business_date, r.run_id, r.batch, 99, r.generated_at, r.recommendations, r.portfolio from calculation_results r join run_failures f using (run_id) where r.user_id = {OneUser}"
        ),
        (FindingName.LostEvent, $"delete from calculation_events where type = 3 and user_id = {OneUser}"),
        (FindingName.LostFailure, "delete from run_failures"),
        (FindingName.WrongSum, Replaced("\"amount\":\"", "\"amount\":\"9")),
        (FindingName.WrongSum, Replaced("\"totalInvestable\":\"", "\"totalInvestable\":\"x")),
        (
            FindingName.HalfBatch,
            "with r as (delete from calculation_results where batch = 0 and position < 3 returning user_id) delete from calculation_events where user_id in (select user_id from r)"
        ),
        (FindingName.HalfBatch, "update run_batches set status = 'pending', completed_at = null where number = 1"),
        (
            FindingName.WrongCurrent,
            $"update current_results set run_id = (select id from overnight_job_runs where job_type = 'scoring' order by number limit 1) where user_id = {OneUser}"
        ),
        (FindingName.WrongCurrent, $"delete from current_results where user_id = {OneUser}"),
        (FindingName.AlteredCalculation, $"update calculation_results set portfolio = portfolio || '\\x20' where user_id = {OneUser}"),
        (
            FindingName.AlteredCalculation,
            $"update calculation_events set occurred_at = occurred_at + interval '1 microsecond' where type = 2 and user_id = {OneUser}"
        ),
        (FindingName.AlteredSnapshot, "update market_snapshots set payload = set_byte(payload, 40, get_byte(payload, 40) # 1)"),
        (
            FindingName.AlteredCriteria,
            $"update criteria_versions set rules = replace(rules::text, '1', '2')::json where user_id = {OneUser}"
        ),
        (FindingName.AlteredBatch, "update run_batches set root = sha256('') where number = 1"),
        (FindingName.RemovedSeal, "delete from seals where seq = 1"),
        (FindingName.RemovedSeal, "delete from seals where seq = 2"),
        (FindingName.AlteredSeal, "update seals set sealed_at = sealed_at + interval '1 second' where seq = 1"),
        (
            FindingName.SwappedLeaves,
            "update run_batches set leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65) where number = 1"
        ),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task I_EachPlantedFault_IsFoundByItsName()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        var database = proof.Night.Database;

        List<string> wrong = [];
        foreach (var (name, change) in Faults)
        {
            await using var connection = await database.OpenConnectionAsync(Ct);
            await using var transaction = await connection.BeginTransactionAsync(Ct);
            await ProofNight.ChangeAsync(connection, change, Ct);
            var report = await DatabaseAudit.RunAsync(connection, database, Patient, Ct);
            if (!report.Findings.Any(finding => finding.Name == name))
                wrong.Add($"{name} expected, not [{string.Join(" ", report.Findings)}]: {change}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task I_CleanNights_HaveNoFindings()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);

        var report = await AuditAsync(proof);

        Assert.Empty(report.Findings);
        const int computed = ProofNight.Users - 2;
        Assert.Equal((2, 0, null), (report.Runs, report.RunsLeft, report.CacheTrouble));
        Assert.Equal((2 * computed, 2 * (4 * computed + 2 * 2), 2 * computed), (report.Results, report.Events, report.CacheEntries));
    }

    [Fact]
    public async Task I_CachedBytesThatAreNotTheStored_AreFound()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>($"select {OneUser}", Ct);
        using var cache = await ConnectionMultiplexer.ConnectAsync(proof.Night.CacheConnection);
        foreach (var key in (string[])[CacheKeys.Recommendations(user), CacheKeys.Portfolio(user)])
        {
            var whole = await cache.GetDatabase().StringGetAsync(key);
            await cache.GetDatabase().StringSetAsync(key, $"{whole} ", TimeSpan.FromMinutes(5));

            var finding = Assert.Single((await AuditAsync(proof)).Findings);

            Assert.Equal(FindingName.AlteredCache, finding.Name);
            Assert.Contains($"{user}", finding.What, StringComparison.Ordinal);
            // Nothing cached is no fault.
            await cache.GetDatabase().KeyDeleteAsync(key);
            Assert.Empty((await AuditAsync(proof)).Findings);
        }
    }

    [Fact]
    public async Task I_TimeLimit_LeavesRunsOutAndSaysSo()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        var report = await DatabaseAudit.RunAsync(proof.Night.Database, new(TimeSpan.Zero), Ct);

        Assert.Equal((0, 1), (report.Runs, report.RunsLeft));
    }

    [Fact]
    public async Task I_Command_AuditsAndExits3ForAFinding()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await WorkerTests.BeatAsync(new(proof.Night.Database, TimeProvider.System), TimeProvider.System);

        var clean = await DoctorAsync("--audit");
        var bound = await DoctorAsync("--audit", "--limit", "0");
        await proof.Night.ExecuteAsync($"delete from calculation_results where user_id = {OneUser}", Ct);
        var missing = await DoctorAsync("--audit");

        Assert.Contains("Nothing is stuck.", clean.Output, StringComparison.Ordinal);
        Assert.Contains("Audited 1 run: 22 results, 92 events, 44 cached entries. Nothing found.", clean.Output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (clean.ExitCode, clean.Error));
        Assert.Equal((1, "--limit must be at least 1, not 0."), (bound.ExitCode, bound.Error.Split('\n')[0]));
        Assert.Equal(3, missing.ExitCode);
        Assert.Contains("missing-result: user ", missing.Output, StringComparison.Ordinal);

        Task<JobsCommand> DoctorAsync(params string[] arguments) =>
            JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, ["doctor", .. arguments], proof.Night.CacheConnection, null, Ct);
    }

    private static string Replaced(string text, string by) =>
        $"update calculation_results set recommendations = convert_to(regexp_replace(convert_from(recommendations, 'UTF8'), '{text}', '{by}'), 'UTF8') where user_id = {OneUser}";

    private static Task<AuditReport> AuditAsync(ProofNight proof) =>
        DatabaseAudit.RunAsync(proof.Night.Database, Patient with { Cache = proof.Night.CacheConnection }, Ct);
}
