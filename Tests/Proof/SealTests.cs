using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: which runs are sealed, in which order, and what a seal is worth once its run is gone.</summary>
public sealed class SealTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_SealTakenOutOrPutIn_IsFound()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 3);

        foreach (var taken in (int[])[1, 2, 3])
        {
            var report = await proof.VerifyWithAsync($"delete from seals where seq = {taken}", Ct);
            Assert.Contains(report.Faults, fault => fault.Kind == FaultKind.SealMissing);
            // Whoever renumbers the rest leaves links or hashes that do not fit.
            report = await proof.VerifyWithAsync(
                $"with gone as (delete from seals where seq = {taken}) update seals set seq = seq + 100 where seq > {taken} or seq < {taken}",
                Ct
            );
            Assert.Contains(report.Faults, fault => fault.Kind is FaultKind.SealAltered);
        }
        // Well-formed in itself, of a run that never was.
        var last = await LastAsync(proof);
        Seal invented = new(4, Guid.NewGuid(), "NYSE", last.BusinessDate, 9, last.Root, last.SnapshotHash, last.SealedAt, last.Hash, []);
        var found = await proof.VerifyWithAsync(
            $"insert into seals ({Seal.Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            Ct,
            invented.Sequence,
            invented.RunId,
            invented.Market,
            invented.BusinessDate,
            invented.Revision,
            invented.Root,
            invented.SnapshotHash,
            invented.SealedAt,
            invented.Previous,
            invented.ComputeHash()
        );
        Assert.Equal(FaultKind.SealInvented, Assert.Single(found.Faults).Kind);
    }

    [Fact]
    public async Task D6_NightsBeforeTheChain_AreToldApart()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await using var connection = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ProofNight.ChangeAsync(connection, "delete from seals", Ct);
        await ProofNight.ChangeAsync(connection, "update run_batches set root = null, leaves = null", Ct);

        var report = (await new ProofVerifier(connection, isInTransaction: true).VerifyAsync(null, null, Ct))!;

        Assert.Empty(report.Faults);
        Assert.Equal((0, 2, 0), (report.Runs, report.BeforeTheChain, report.Seals));
    }

    /// <summary>Nights before the chain have lower numbers than those in it, so that no later one passes for one of them.</summary>
    [Theory]
    [InlineData("update run_batches set root = null where run_id = $1 and number = 1")]
    [InlineData("update run_batches set root = null, leaves = null where run_id = $1 and number = 1")]
    [InlineData("update run_batches set root = null, leaves = null where run_id = $1")]
    public async Task D6_LastSealTakenOutWithItsRoots_IsFound(string roots)
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);

        var report = await proof.VerifyWithAsync($"with gone as (delete from seals where seq = 2) {roots}", Ct, proof.Runs[1].Id);

        Assert.Contains(report.Faults, fault =>
            fault.Kind == FaultKind.SealMissing && fault.What.Contains($"{proof.Runs[1].Id}", StringComparison.Ordinal)
        );
        Assert.Equal(0, report.BeforeTheChain);
    }

    [Fact]
    public async Task D6_SealedRunThatSaysItIsUnfinished_IsNamedAndCheckedAllTheSame()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        var report = await proof.VerifyWithAsync(
            "with run as (update overnight_job_runs set status = 'started', completed_at = null) update "
                + $"calculation_results set position = 100 where user_id = {PlantedChanges.OneUser}",
            Ct
        );

        Assert.Equal([FaultKind.Changed, FaultKind.Changed], report.Faults.Select(fault => fault.Kind));
        Assert.Contains("says that it is not finished", report.Faults[0].What, StringComparison.Ordinal);
        Assert.Contains("User ", report.Faults[1].What, StringComparison.Ordinal);
        Assert.Equal((1, 0), (report.Runs, report.Unfinished));
    }

    /// <summary>It has no result and no market snapshot, so there is nothing to seal.</summary>
    [Fact]
    public async Task D6_RunThatEndedBeforeItsPlan_HasNoSealByRight()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var (run, _) = await proof.Night.Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again: true, Ct);
        await proof
            .Night.Services.GetRequiredService<RunFinaliser>()
            .FailAsync(run, "snapshot", new InvalidOperationException("Out of luck."), Ct);

        var report = await proof.VerifyAsync(Ct);

        Assert.Empty(report.Faults);
        Assert.Equal((1, 1, 0, 1), (report.Runs, report.Unplanned, report.BeforeTheChain, report.Seals));
    }

    [Fact]
    public async Task D6_SealsBelowTheHorizon_AreCheckedByTheChainAlone()
    {
        await using var proof = await ProofNight.CreateOldAsync(servers, Ct, runs: 2);
        await using var connection = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        // As retention leaves it: the whole night's rows are gone.
        await ProofNight.KeepFromAsync(connection, proof.Runs[0].BusinessDate.AddDays(1), Ct);
        foreach (var table in (string[])["current_results", "calculation_results", "calculation_events", "run_failures", "run_batches"])
            await ProofNight.ChangeAsync(connection, $"delete from {table}", Ct);
        await ProofNight.ChangeAsync(connection, "delete from overnight_job_runs", Ct);
        ProofVerifier verifier = new(connection, isInTransaction: true);

        var report = (await verifier.VerifyAsync(null, null, Ct))!;

        Assert.Empty(report.Faults);
        Assert.Equal((0, 2, 3), (report.Runs, report.BelowTheHorizon, report.Seals));

        // Where retention has not been, nothing may be missing.
        await ProofNight.ChangeAsync(connection, "delete from seals where market = 'RETENTION'", Ct);
        await ProofNight.KeepFromAsync(connection, proof.Runs[0].BusinessDate, Ct);
        report = (await verifier.VerifyAsync(null, null, Ct))!;
        Assert.Equal([FaultKind.SealInvented, FaultKind.SealInvented], report.Faults.Select(fault => fault.Kind));
    }

    /// <summary>Its users are in the run before as failed, and in the retry as computed.</summary>
    [Fact]
    public async Task D6_Retry_IsARunOfItsOwn()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        await proof.Night.ExecuteAsync("update portfolios set criteria_version = 1", Ct);
        var retry = (await proof.Night.Services.GetRequiredService<RunRetry>().StartAsync(proof.Runs[0].Id, Actor.Command, Ct))!;
        await proof.Night.Participant.WorkAsync(retry, Ct);

        var report = await proof.VerifyAsync(Ct);

        Assert.Empty(report.Faults);
        Assert.Equal((2, ProofNight.Users + 2, 2), (report.Runs, report.Calculations, report.Seals));
    }

    /// <summary>What was committed before a run failed is in force, and so it is sealed.</summary>
    [Fact]
    public async Task D6_RunThatFailed_IsSealedAsFarAsItCame()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, batchSize: 5);
        var context = await night.PlanAsync();
        Assert.True(await night.Worker(context).TryWorkAsync(Ct));
        await night
            .Services.GetRequiredService<RunFinaliser>()
            .FailAsync(context.Run, "batch", new InvalidOperationException("Out of luck."), Ct);
        await using var connection = await night.Database.OpenConnectionAsync(Ct);

        var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;

        Assert.Empty(report.Faults);
        Assert.Equal((1, 5, 1), (report.Runs, report.Calculations, report.Seals));
    }

    /// <summary>Another worker is about to commit its batch: the end of the run waits, and counts and seals it.</summary>
    [Fact]
    public async Task D6_RunThatFails_IsSealedWithTheBatchesAboutToBeCommitted()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 20, Ct, batchSize: 5);
        var context = await night.PlanAsync();
        await using var held = await HeldLock.TakeAsync(night.Database, "lock table current_results in share row exclusive mode");
        var work = night.Worker(context).TryWorkAsync(Ct);
        await held.WaiterAsync(work);

        var failing = night
            .Services.GetRequiredService<RunFinaliser>()
            .FailAsync(context.Run, "batch", new InvalidOperationException("Out of luck."), Ct);
        await Eventually.TrueAsync(
            async () =>
                failing.IsCompleted
                || await night.ScalarAsync<long>(
                    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and "
                        + "query like '%order by number for no key update%'",
                    Ct
                ) > 0,
            "the end of the run waits for the batch"
        );
        await held.RollbackAsync();

        Assert.True(await work);
        await failing;
        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;
        Assert.Empty(report.Faults);
        Assert.Equal((1, 5, 1), (report.Runs, report.Calculations, report.Seals));
        Assert.Equal(5, await night.ScalarAsync<int>("select users_processed from overnight_job_runs where id = $1", Ct, context.Run.Id));
    }

    /// <summary>Runs of several markets, or revisions, may end at the same moment.</summary>
    [Fact]
    public async Task D6_RunsThatEndAtOnce_AreSealedOneAfterAnother()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await proof.Night.ExecuteAsync(
            "alter table seals disable trigger user; delete from seals; alter table seals enable trigger user",
            Ct
        );
        await using var first = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var second = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var one = await first.BeginTransactionAsync(Ct);
        await using var other = await second.BeginTransactionAsync(Ct);
        await RunSeal.AppendAsync(first, proof.Runs[0], DateTimeOffset.UnixEpoch, Ct);

        var waiting = RunSeal.AppendAsync(second, proof.Runs[1], DateTimeOffset.UnixEpoch, Ct);
        await Eventually.TrueAsync(
            async () =>
                waiting.IsCompleted
                || await proof.Night.ScalarAsync<long>(
                    "select count(*) from pg_locks l join pg_database d on d.oid = l.database where d.datname = current_database() "
                        + "and locktype = 'advisory' and not granted",
                    Ct
                ) > 0,
            "the second run waits for the first"
        );
        Assert.False(waiting.IsCompleted);
        await one.CommitAsync(Ct);
        var seal = (await waiting)!;
        await other.CommitAsync(Ct);

        Assert.Equal(2, seal.Sequence);
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    [Fact]
    public async Task D6_Seals_AreAppendOnly()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        foreach (var change in (string[])["update seals set seq = 9", "delete from seals", "truncate seals"])
            Assert.Contains(
                "append-only",
                (await Assert.ThrowsAsync<PostgresException>(() => proof.Night.ExecuteAsync(change, Ct))).MessageText,
                StringComparison.Ordinal
            );
    }

    private static async Task<Seal> LastAsync(ProofNight proof)
    {
        await using var command = proof.Night.Database.Command($"select {Seal.Columns} from seals order by seq desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        Assert.True(await reader.ReadAsync(Ct));
        return Seal.Read(reader);
    }
}
