using Microsoft.Extensions.Logging.Abstractions;
using Overnight.Auditor;
using Overnight.Core;
using Overnight.Core.Runs;
using Overnight.Jobs.Proof;
using Overnight.Jobs.Retention;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Retention;
using Overnight.Tests.Servers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D3, D6: what retention drops is not taken for lost, and nothing else passes for dropped.</summary>
public sealed class HorizonTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_Verification_AndRetentionWaitForEachOther()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var database = proof.Night.Database;
        await using (var held = await HeldLock.TakeAsync(database, "select pg_advisory_xact_lock(hashtext('overnight.retention'))"))
        {
            var verification = proof.VerifyAsync(Ct);
            await held.WaiterAsync(verification);
            await held.RollbackAsync();
            Assert.Empty((await verification).Faults);
        }
        // A pooled connection would keep the lock.
        Assert.Equal(0, await database.ScalarAsync<long>(AdvisoryLockTests.Count));

        await using var history = await HistoryDatabase.CreateAsync(servers, Ct);
        using RetentionLoop loop = new(
            history.Retention(TimeProvider.System),
            Microsoft.Extensions.Options.Options.Create(new RetentionOptions()),
            new(NullLogger<Core.Data.DatabaseState>.Instance),
            TimeProvider.System,
            NullLogger<RetentionLoop>.Instance
        );
        await using (
            var held = await HeldLock.TakeAsync(history.Source, "select pg_advisory_xact_lock_shared(hashtext('overnight.retention'))")
        )
            Assert.False(await held.NobodyWaitsAsync(loop.TickAsync(Ct)), "it is tried again soon");
        Assert.True(await loop.TickAsync(Ct));
    }

    /// <summary>A long transaction can put the drop of one partition off while the others of its month are gone.</summary>
    [Fact]
    public async Task D6_MonthThatIsDroppedInPart_IsCheckedByTheChainAlone()
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct);
        await using var planted = await PlantedTransaction.BeginAsync(proof, Ct);
        await planted.ChangeAsync("delete from calculation_events");
        Assert.NotEmpty((await planted.VerifyAsync()).Faults);
        Assert.NotEmpty((await planted.AuditAsync()).Findings);

        await planted.KeepFromAsync(proof.Runs[0].BusinessDate.AddDays(1));

        var report = await planted.VerifyAsync();
        Assert.Empty(report.Faults);
        Assert.Equal((0, 1, 2), (report.Runs, report.BelowTheHorizon, report.Seals));
        var audit = await planted.AuditAsync();
        Assert.Empty(audit.Findings);
        Assert.Equal((0, 1), (audit.Runs, audit.RunsBelowTheHorizon));
    }

    [Fact]
    public async Task D6_Command_SaysHowManySealsAreBelowTheHorizon()
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct, runs: 2);
        await using (var connection = await proof.Night.Database.OpenConnectionAsync(Ct))
            await ProofNight.KeepFromAsync(connection, proof.Runs[0].BusinessDate.AddDays(1), Ct);

        var verified = await JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, Ct, "verify", "--all");

        Assert.Equal((0, ""), (verified.ExitCode, verified.Error));
        Assert.Equal(
            "Verified 0 runs, 0 calculations, 3 seals.\nBelow the retention horizon, by the chain alone: 2 seals.\nEverything is as it was sealed.\n",
            verified.Output
        );
    }

    [Fact]
    public async Task D6_SealedRun_CantBeDatedBackBelowTheHorizon()
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct);
        await using var planted = await PlantedTransaction.BeginAsync(proof, Ct);
        await planted.KeepFromAsync(proof.Runs[0].BusinessDate);
        Assert.Empty((await planted.VerifyAsync()).Faults);
        Assert.Empty((await planted.AuditAsync()).Findings);

        await planted.ChangeAsync("update overnight_job_runs set business_date = business_date - 1");

        Assert.Contains((await planted.VerifyAsync()).Faults, fault => fault.Kind == FaultKind.Changed);
        Assert.Contains((await planted.AuditAsync()).Findings, finding => finding.Name == FindingName.AlteredRun);
    }

    /// <summary>Whoever takes results out can change that row as well.</summary>
    [Theory]
    [InlineData("update kept_history set kept_from = current_date")]
    [InlineData("delete from kept_history")]
    public async Task D6_RowThatSaysMoreWasDropped_IsNamedAndHidesNothing(string change)
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct);
        await using var planted = await PlantedTransaction.BeginAsync(proof, Ct);
        await planted.KeepFromAsync(proof.Runs[0].BusinessDate);
        await planted.ChangeAsync($"delete from calculation_results where user_id = {PlantedChanges.OneUser}");

        await planted.ChangeAsync(change);

        Assert.Equal([FaultKind.AlteredHorizon, FaultKind.Missing], (await planted.VerifyAsync()).Faults.Select(fault => fault.Kind));
        var found = (await planted.AuditAsync()).Findings.Select(finding => finding.Name).ToList();
        Assert.Contains(FindingName.AlteredHorizon, found);
        Assert.Contains(FindingName.MissingResult, found);
    }

    /// <summary>A seal that follows in the chain, and says what retention never does.</summary>
    [Fact]
    public async Task D6_SealThatSaysMoreWasDropped_IsNamedAndHidesNothing()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await using var planted = await PlantedTransaction.BeginAsync(proof, Ct);
        await planted.ChangeAsync($"delete from calculation_results where user_id = {PlantedChanges.OneUser}");

        await planted.KeepFromAsync(proof.Runs[0].BusinessDate.AddDays(1));

        Assert.Equal(
            [FaultKind.AlteredHorizon, FaultKind.AlteredHorizon, FaultKind.Missing],
            (await planted.VerifyAsync()).Faults.Select(fault => fault.Kind)
        );
        var found = (await planted.AuditAsync()).Findings.Select(finding => finding.Name).ToList();
        Assert.Equal(2, found.Count(name => name == FindingName.AlteredHorizon));
        Assert.Contains(FindingName.MissingResult, found);
    }

    [Fact]
    public async Task D6_RunThatIsGoneThoughItsDayIsKept_IsNamed()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await using var planted = await PlantedTransaction.BeginAsync(proof, Ct);
        foreach (
            var table in (string[])
                ["current_results", "calculation_results", "calculation_events", "run_failures", "run_batches", "overnight_job_runs"]
        )
            await planted.ChangeAsync($"delete from {table}");

        Assert.Equal([FaultKind.SealInvented], (await planted.VerifyAsync()).Faults.Select(fault => fault.Kind));
        Assert.Equal([FindingName.RemovedRun], (await planted.AuditAsync()).Findings.Select(finding => finding.Name));
    }

    /// <summary>
    /// The audit has begun and comes to the results later: what it has seen of the horizon is then older than what retention has done, so
    /// that retention must wait for it.
    /// </summary>
    [Fact]
    public async Task D6_Retention_DuringAnAudit_DropsNothingThatItIsYetToRead()
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct);
        var database = proof.Night.Database;
        HistoryRetention retention = new(
            database,
            Microsoft.Extensions.Options.Options.Create(new RetentionOptions { Months = 1, LockTimeout = TimeSpan.FromMilliseconds(50) }),
            TimeProvider.System,
            NullLogger<HistoryRetention>.Instance
        );
        Task<AuditReport> auditing;
        await using (var held = await HeldLock.TakeAsync(database, "lock table erasures in access exclusive mode"))
        {
            auditing = AuditAsync();
            await held.WaiterAsync(auditing);

            Assert.NotEmpty((await retention.RunOnceAsync(isDryRun: false, Ct))!.Postponed);
            await held.RollbackAsync();
        }

        var report = await auditing;
        Assert.Empty(report.Findings);
        Assert.Equal((1, 0), (report.Runs, report.RunsBelowTheHorizon));
        Assert.Empty((await retention.RunOnceAsync(isDryRun: false, Ct))!.Postponed);
        Assert.Equal(0, await proof.Night.ScalarAsync<long>("select count(*) from overnight_job_runs where job_type = 'scoring'", Ct));
        Assert.Empty((await AuditAsync()).Findings);
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);

        Task<AuditReport> AuditAsync() => DatabaseAudit.RunAsync(database, new(TimeSpan.FromMinutes(5)), Ct);
    }

    [Fact]
    public async Task D3_Retention_SaysFromWhichDayOnHistoryIsKept_AndNeverTakesItBack()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        TestClock clock = new(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
        const string kept =
            "select count(*) from kept_history k join seals s on s.market = 'RETENTION' and s.business_date = kept_from where kept_from = $1";

        await database.Retention(clock, o => o.Months = 12).RunOnceAsync(isDryRun: true, Ct);
        Assert.Equal(1, await database.ScalarAsync("select count(*) from kept_history where kept_from is null", Ct));
        await database.Retention(clock, o => o.Months = 12).RunOnceAsync(isDryRun: false, Ct);
        Assert.Equal(1, await database.ScalarAsync(kept, Ct, new DateOnly(2025, 11, 1)));
        await database.Retention(clock, o => o.Months = 24).RunOnceAsync(isDryRun: false, Ct);
        Assert.Equal(1, await database.ScalarAsync(kept, Ct, new DateOnly(2025, 11, 1)));
        Assert.Equal(1, await database.ScalarAsync("select count(*) from seals", Ct));
        await database.Retention(clock, o => o.Months = 6).RunOnceAsync(isDryRun: false, Ct);
        Assert.Equal(1, await database.ScalarAsync(kept, Ct, new DateOnly(2026, 5, 1)));
        Assert.Equal(2, await database.ScalarAsync("select count(*) from seals", Ct));
    }

    /// <summary>Of months that an earlier build dropped there is its row alone, when retention turns for the first time.</summary>
    [Fact]
    public async Task D6_HorizonOfAnEarlierBuild_IsSealedAtTheFirstTurn()
    {
        await using var database = await HistoryDatabase.CreateAsync(servers, Ct);
        await database.ExecuteAsync("update kept_history set kept_from = '2026-06-01'", Ct);

        await database.Retention(new TestClock(), o => o.Months = 24).RunOnceAsync(isDryRun: false, Ct);

        Assert.Equal(
            1,
            await database.ScalarAsync("select count(*) from seals where market = 'RETENTION' and business_date = '2026-06-01'", Ct)
        );
    }

    [Fact]
    public async Task A13_DateBeforeKeptHistory_IsRefused()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var kept = proof.Runs[0].BusinessDate.AddDays(-30);
        await proof.Night.ExecuteAsync("update kept_history set kept_from = $1", Ct, kept);

        var refused = await Assert.ThrowsAsync<RequestException>(() =>
            proof.Night.Runs.StartOrJoinAsync("NYSE", kept.AddDays(-1), RunTrigger.Manual, again: false, Ct)
        );

        Assert.Contains($"{kept.AddDays(-1):yyyy-MM-dd} is out of bounds", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"between {kept:yyyy-MM-dd} (older results are not kept)", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, await proof.Night.ScalarAsync<long>("select count(*) from overnight_job_runs where job_type = 'scoring'", Ct));
    }

    /// <summary>The months beside it belong to other runs: reading them takes as long as all runs do.</summary>
    [Fact]
    public async Task D6_OneRun_IsVerifiedInItsOwnMonthAlone()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var other = proof.Runs[0].BusinessDate.AddMonths(1);
        await proof.Night.ExecuteAsync("select ensure_month($1)", Ct, other);
        const string stray =
            "insert into calculation_results select user_id, $1, run_id, batch, position, generated_at, recommendations, "
            + $"portfolio from calculation_results where user_id = {PlantedChanges.OneUser}";
        await proof.Night.ExecuteAsync(stray, Ct, other);
        Assert.Equal(FaultKind.Doubled, Assert.Single((await proof.VerifyAsync(Ct)).Faults).Kind);

        await using var held = await HeldLock.TakeAsync(
            proof.Night.Database,
            $"lock table calculation_results_y{other:yyyy}m{other:MM}, calculation_events_y{other:yyyy}m{other:MM} in access exclusive mode"
        );

        var report = await held.NobodyWaitsAsync(proof.VerifyAsync(Ct, proof.Runs[0].Id));
        Assert.Equal((1, ProofNight.Users, 0), (report.Runs, report.Calculations, report.FaultCount));
    }
}
