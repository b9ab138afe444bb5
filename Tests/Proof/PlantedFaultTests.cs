using Overnight.Auditor;
using Overnight.Core.Caching;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Proof;

/// <summary>SPEC I: each of twelve faults, planted into nights that are right, is found by its name, and so are their variants.</summary>
public sealed class PlantedFaultTests(PlantedFaultTests.Nights nights) : IClassFixture<PlantedFaultTests.Nights>
{
    private const string OneUser = PlantedChanges.OneUser;

    /// <summary>In the cache and not in a transaction, so it is planted in another way.</summary>
    private const string CachedBytes = "altered cached bytes";

    private static readonly Dictionary<string, (string Name, string Change)> Faults = new(StringComparer.Ordinal)
    {
        ["missing result"] = (FindingName.MissingResult, $"delete from calculation_results where user_id = {OneUser}"),
        ["doubled result"] = (
            FindingName.DoubledResult,
            "insert into calculation_results select user_id, business_date + 1, run_id, batch, position, generated_at, "
                + $"recommendations, portfolio from calculation_results where user_id = {OneUser}"
        ),
        ["invented result"] = (
            FindingName.InventedResult,
            "insert into calculation_results select f.user_id, r.business_date, r.run_id, r.batch, 99, r.generated_at, "
                + "r.recommendations, r.portfolio from calculation_results r join run_failures f using (run_id) where r.user_id "
                + $"= {OneUser}"
        ),
        ["lost event"] = (FindingName.LostEvent, $"delete from calculation_events where type = 3 and user_id = {OneUser}"),
        ["wrong sum"] = (FindingName.WrongSum, Replaced("\"amount\":\"", "\"amount\":\"9")),
        ["half batch"] = (
            FindingName.HalfBatch,
            "with r as (delete from calculation_results where batch = 0 and position < 3 returning user_id) delete from "
                + "calculation_events where user_id in (select user_id from r)"
        ),
        ["wrong current"] = (
            FindingName.WrongCurrent,
            "update current_results set run_id = (select id from overnight_job_runs where job_type = 'scoring' order by "
                + $"number limit 1) where user_id = {OneUser}"
        ),
        ["altered snapshot"] = (
            FindingName.AlteredSnapshot,
            "update market_snapshots set payload = set_byte(payload, 40, get_byte(payload, 40) # 1)"
        ),
        ["altered criteria"] = (
            FindingName.AlteredCriteria,
            $"update criteria_versions set rules = replace(rules::text, '1', '2')::json where user_id = {OneUser}"
        ),
        [CachedBytes] = (FindingName.AlteredCache, ""),
        ["removed seal"] = (FindingName.RemovedSeal, "delete from seals where seq = 1"),
        ["swapped leaves"] = (
            FindingName.SwappedLeaves,
            "update run_batches set leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65) where number = 1"
        ),
    };

    private static readonly (string Name, string Change)[] Variants =
    [
        (FindingName.LostFailure, "delete from run_failures"),
        (FindingName.WrongSum, Replaced("\"totalInvestable\":\"", "\"totalInvestable\":\"x")),
        (FindingName.HalfBatch, "update run_batches set status = 'pending', completed_at = null where number = 1"),
        (FindingName.WrongCurrent, $"delete from current_results where user_id = {OneUser}"),
        (FindingName.AlteredCalculation, $"update calculation_results set portfolio = portfolio || '\\x20' where user_id = {OneUser}"),
        (
            FindingName.AlteredCalculation,
            $"update calculation_events set occurred_at = occurred_at + interval '1 microsecond' where type = 2 and user_id = {OneUser}"
        ),
        (FindingName.AlteredBatch, "update run_batches set root = sha256('') where number = 1"),
        (FindingName.AlteredRun, "update overnight_job_runs set status = 'started', completed_at = null, planned_at = null"),
        (FindingName.AlteredRun, "update overnight_job_runs set revision = revision + 10"),
        (FindingName.RemovedSeal, "delete from seals where seq = 2"),
        (
            FindingName.RemovedSeal,
            $"with gone as (delete from seals where seq = 2) update run_batches set root = null where number = 1 and {OfLast}"
        ),
        (
            FindingName.RemovedSeal,
            $"with gone as (delete from seals where seq = 2) update run_batches set root = null, leaves = null where {OfLast}"
        ),
        (FindingName.AlteredSeal, "update seals set sealed_at = sealed_at + interval '1 second' where seq = 1"),
        (FindingName.RemovedRun, "update seals set run_id = gen_random_uuid() where seq = 2"),
        (FindingName.UnsealedErasure, PlantedChanges.OpenErasure),
        (FindingName.AlteredErasure, PlantedChanges.SealOfNoErasure),
        (FindingName.AlteredHorizon, "update kept_history set kept_from = current_date"),
    ];

    private const string OfLast = "run_id = (select id from overnight_job_runs where job_type = 'scoring' order by number desc limit 1)";

    private static readonly AuditOptions Patient = new(TimeSpan.FromMinutes(5));

    public static TheoryData<string> Twelve => [.. Faults.Keys];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Twelve))]
    public async Task I_PlantedFault_IsFoundByItsName(string fault)
    {
        Assert.Equal(12, Faults.Count);
        var (name, change) = Faults[fault];
        Assert.Empty((await AuditAsync()).Findings);

        var findings = fault == CachedBytes ? await FindInCacheAsync() : await FindAsync(change);

        Assert.Contains(name, findings.Select(finding => finding.Name));
        Assert.Empty((await AuditAsync()).Findings);
    }

    [Fact]
    public void I_EveryName_HasAFaultThatItIsFoundBy() =>
        Assert.Equal(
            ChainTests.ConstantsOf(typeof(FindingName)),
            Faults.Values.Concat(Variants).Select(one => one.Name).Distinct().Order(StringComparer.Ordinal)
        );

    [Fact]
    public async Task I_VariantsOfFaults_AreFoundByTheirNames()
    {
        List<string> wrong = [];
        foreach (var (name, change) in Variants)
        {
            var findings = await FindAsync(change);
            if (!findings.Any(finding => finding.Name == name))
                wrong.Add($"{name} expected, not [{string.Join(" ", findings)}]: {change}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private async Task<IReadOnlyList<AuditFinding>> FindAsync(string change)
    {
        var database = nights.Proof.Night.Database;
        await using var connection = await database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ProofNight.ChangeAsync(connection, change, Ct);
        return (await DatabaseAudit.RunAsync(connection, database, Patient, Ct)).Findings;
    }

    private async Task<IReadOnlyList<AuditFinding>> FindInCacheAsync()
    {
        var user = await nights.Proof.Night.ScalarAsync<Guid>($"select {OneUser}", Ct);
        using var server = await ConnectionMultiplexer.ConnectAsync(nights.Proof.Night.CacheConnection);
        var cache = server.GetDatabase();
        string[] keys = [CacheKeys.Recommendations(user), CacheKeys.Portfolio(user)];
        List<AuditFinding> findings = [];
        foreach (var key in keys)
        {
            await cache.StringSetAsync(key, $"{await cache.StringGetAsync(key)} ", TimeSpan.FromMinutes(5));
            findings.Add(Assert.Single((await AuditAsync()).Findings));
            // Nothing cached is no fault.
            await cache.KeyDeleteAsync(key);
        }
        Assert.All(findings, finding => Assert.Contains($"{user}", finding.What, StringComparison.Ordinal));
        return findings;
    }

    private Task<AuditReport> AuditAsync() =>
        DatabaseAudit.RunAsync(nights.Proof.Night.Database, Patient with { Cache = nights.Proof.Night.CacheConnection }, Ct);

    private static string Replaced(string text, string by) =>
        "update calculation_results set recommendations = convert_to(regexp_replace(convert_from(recommendations, "
        + $"'UTF8'), '{text}', '{by}'), 'UTF8') where user_id = {OneUser}";

    /// <summary>Two nights, which every test leaves as they were but for entries of the cache.</summary>
    public sealed class Nights(TestServers servers) : IAsyncLifetime
    {
        private ProofNight? _proof;

        internal ProofNight Proof => _proof!;

        public async ValueTask InitializeAsync() => _proof = await ProofNight.CreateAsync(servers, CancellationToken.None, runs: 2);

        public ValueTask DisposeAsync() => _proof?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
