using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Proof;
using Overnight.Jobs.Pipeline;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: what was changed after it was sealed is found, and named.</summary>
public sealed class ChainTests(TestServers servers)
{
    private const string OneUser = "(select user_id from calculation_results order by user_id offset 3 limit 1)";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D6_CleanNights_AreWhole()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 3);

        var report = await proof.VerifyAsync(Ct);

        Assert.Empty(report.Faults);
        Assert.Equal((3, 3 * ProofNight.Users, 3, 0), (report.Runs, report.Calculations, report.Seals, report.BeforeTheChain));
        Assert.Equal(
            3 * ProofNight.Users * HashTree.Length,
            await proof.Night.ScalarAsync<long>("select sum(length(leaves)) from run_batches where status = 'done'", Ct)
        );
        Assert.Equal(
            (long[])[1, 2, 3],
            await proof.Night.ScalarAsync<long[]>(
                "select array(select seq from seals s join overnight_job_runs r on r.id = s.run_id order by r.number)",
                Ct
            )
        );
        // Each calculation has random bytes of its own.
        Assert.Equal(
            3 * ProofNight.Users,
            await proof.Night.ScalarAsync<long>("select count(distinct payload) from calculation_events where type = 1", Ct)
        );
        Assert.Equal(
            (1, 0),
            ((await proof.VerifyAsync(Ct, proof.Runs[1].Id)).Runs, (await proof.VerifyAsync(Ct, proof.Runs[1].Id)).FaultCount)
        );
    }

    /// <summary>A change, and by which name it is found.</summary>
    private static readonly (string Change, string Kind)[] Changes =
    [
        (
            $"update calculation_results set recommendations = set_byte(recommendations, 99, get_byte(recommendations, 99) # 1) where user_id = {OneUser}",
            FaultKind.Changed
        ),
        (
            $"update calculation_results set generated_at = generated_at + interval '1 microsecond' where user_id = {OneUser}",
            FaultKind.Changed
        ),
        ($"update calculation_results set position = 100 where user_id = {OneUser}", FaultKind.Changed),
        ($"update calculation_events set payload = payload || '\\x00' where type = 3 and user_id = {OneUser}", FaultKind.Changed),
        ($"delete from calculation_results where user_id = {OneUser}", FaultKind.Missing),
        (
            $"with u as (select {OneUser} id), e as (delete from calculation_events where user_id = (select id from u)) delete from calculation_results where user_id = (select id from u)",
            FaultKind.Missing
        ),
        ("delete from calculation_events where user_id = (select user_id from run_failures order by 1 limit 1)", FaultKind.Missing),
        (
            $"insert into calculation_results select user_id, business_date + 1, run_id, batch, position, generated_at, recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Doubled
        ),
        (
            $"insert into calculation_results select gen_random_uuid(), business_date, run_id, batch, 99, generated_at, recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            $"insert into calculation_results select user_id, business_date, gen_random_uuid(), batch, 99, generated_at, recommendations, portfolio from calculation_results where user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            $"insert into calculation_results select f.user_id, business_date, r.run_id, batch, 99, generated_at, recommendations, portfolio from calculation_results r, run_failures f where r.user_id = {OneUser}",
            FaultKind.Invented
        ),
        (
            $"insert into calculation_events select business_date, run_id, overlay(user_id::text placing 'ffff' from 33)::uuid, type, occurred_at, payload from calculation_events where user_id = {OneUser} and type in (1, 4)",
            FaultKind.Invented
        ),
        ($"delete from calculation_events where type = 3 and user_id = {OneUser}", FaultKind.LostEvent),
        (
            $"update calculation_results a set recommendations = b.recommendations, portfolio = b.portfolio, generated_at = b.generated_at from calculation_results b where a.user_id = {OneUser} and b.position = 0 and b.batch = 0",
            FaultKind.Changed
        ),
        ("update market_snapshots set payload = set_byte(payload, 40, get_byte(payload, 40) # 1)", FaultKind.AlteredSnapshot),
        ("update market_snapshots set prices_as_of = prices_as_of + interval '1 second'", FaultKind.AlteredSnapshot),
        ($"update criteria_versions set rules = replace(rules::text, '1', '2')::json where user_id = {OneUser}", FaultKind.AlteredCriteria),
        ($"update criteria_versions set hash = sha256('') where user_id = {OneUser}", FaultKind.AlteredCriteria),
        (
            $"with p as (update portfolios set criteria_version = null) delete from criteria_versions where user_id = {OneUser}",
            FaultKind.AlteredCriteria
        ),
        ("update run_batches set root = sha256('') where number = 1", FaultKind.AlteredBatch),
        (
            "update run_batches set leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65), root = null where number = 1",
            FaultKind.Swapped
        ),
        ("update run_batches set leaves = substr(leaves, 33) where number = 1", FaultKind.AlteredBatch),
        ("delete from run_batches where number = 1", FaultKind.AlteredBatch),
        ("update overnight_job_runs set revision = 7", FaultKind.Changed),
        ("delete from seals", FaultKind.SealMissing),
        ("update seals set root = sha256('')", FaultKind.SealAltered),
        ("update seals set sealed_at = sealed_at + interval '1 microsecond'", FaultKind.SealAltered),
        ("update seals set previous = sha256('')", FaultKind.SealAltered),
    ];

    [Fact]
    public async Task D6_EachChange_IsFoundByItsName()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        List<string> wrong = [];
        foreach (var (change, kind) in Changes)
        {
            var report = await proof.VerifyWithAsync(change, Ct);
            if (!report.Faults.Exists(fault => fault.Kind == kind))
                wrong.Add($"{kind} expected, not [{string.Join("; ", report.Faults)}]: {change}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    [Fact]
    public async Task D6_UserOfAFault_IsNamedAndNobodyElse()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>($"select {OneUser}", Ct);

        var report = await proof.VerifyWithAsync(
            $"update calculation_results set portfolio = portfolio || '\\x20' where user_id = {OneUser}",
            Ct
        );

        var fault = Assert.Single(report.Faults);
        Assert.Contains($"User {user} in batch 0", fault.What, StringComparison.Ordinal);
        // Two leaves that changed places are not taken for missing ones.
        report = await proof.VerifyWithAsync(
            "update run_batches set leaves = substr(leaves, 33, 32) || substr(leaves, 1, 32) || substr(leaves, 65) where number = 1",
            Ct
        );
        Assert.Equal([FaultKind.AlteredBatch, FaultKind.Swapped], report.Faults.Select(one => one.Kind));
    }

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

        var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;

        Assert.Empty(report.Faults);
        Assert.Equal((0, 2, 0), (report.Runs, report.BeforeTheChain, report.Seals));
    }

    [Fact]
    public async Task D6_SealsBelowTheHorizon_AreCheckedByTheChainAlone()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await using var connection = await proof.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        // As retention leaves it: the whole night's rows are gone.
        foreach (var table in (string[])["current_results", "calculation_results", "calculation_events", "run_failures", "run_batches"])
            await ProofNight.ChangeAsync(connection, $"delete from {table}", Ct);
        await ProofNight.ChangeAsync(connection, "delete from overnight_job_runs", Ct);

        var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;

        Assert.Empty(report.Faults);
        Assert.Equal((0, 2, 2), (report.Runs, report.BelowTheHorizon, report.Seals));
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
                || await proof.Night.ScalarAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted", Ct) > 0,
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

    /// <summary>A user that ends its worker is given up on another way than the batches are written.</summary>
    [Fact]
    public async Task D6_UserThatIsGivenUp_HasALeafAsWell()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 10, Ct, batchSize: 1);
        var context = await night.PlanAsync();
        for (var attempt = 0; attempt < 3; attempt++)
            await night.ExecuteAsync("insert into batch_attempts (run_id, number, worker) values ($1, 4, 'gone')", Ct, context.Run.Id);

        await night.Participant.WorkAsync(context.Run, Ct);

        await using var connection = await night.Database.OpenConnectionAsync(Ct);
        var report = (await new ProofVerifier(connection).VerifyAsync(null, null, Ct))!;
        Assert.Equal(1, await night.ScalarAsync<long>("select count(*) from run_failures where reason = 'ended_worker'", Ct));
        Assert.Empty(report.Faults);
        Assert.Equal((1, 10), (report.Runs, report.Calculations));
    }

    [Fact]
    public async Task D6_Command_SaysWhatItSawAndExits3ForAFault()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var run = proof.Runs[0].Id;

        var whole = await JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, Ct, "verify");
        var none = await JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, Ct, "verify", "--run", $"{Guid.NewGuid()}");
        await proof.Night.ExecuteAsync("update calculation_results set position = position + 50 where position = 0 and batch = 0", Ct);
        var changed = await JobsCommand.RunAsync(servers, proof.Night.DatabaseConnection, Ct, "verify", "--run", $"{run}");

        Assert.Equal((0, ""), (whole.ExitCode, whole.Error));
        Assert.Equal($"Verified 1 run, {ProofNight.Users} calculations, 1 seal.\nEverything is as it was sealed.\n", whole.Output);
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("there is no run", none.Error, StringComparison.Ordinal);
        Assert.Equal(3, changed.ExitCode);
        Assert.StartsWith("changed: User ", changed.Output, StringComparison.Ordinal);
        Assert.EndsWith("1 fault.\n", changed.Output, StringComparison.Ordinal);
    }

    private static async Task<Seal> LastAsync(ProofNight proof)
    {
        await using var command = proof.Night.Database.Command($"select {Seal.Columns} from seals order by seq desc limit 1");
        await using var reader = await command.ExecuteReaderAsync(Ct);
        Assert.True(await reader.ReadAsync(Ct));
        return Seal.Read(reader);
    }
}
