using Overnight.Auditor;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Proof;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;
using Overnight.Tests.Proof;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: an erased user is nowhere any more, everybody else is as before, and the chain is whole.</summary>
public sealed class ErasureTests(TestServers servers)
{
    private static readonly string[] Steps =
    [
        "requested",
        "account",
        "plans",
        "batches",
        "current",
        "results",
        "edges",
        "cache",
        "completed",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>
    /// Broken off before and after the commit of each step and gone on with, each time for another user; those who failed, and the first
    /// and last of batches, are among them.
    /// </summary>
    [Fact]
    public async Task D5_ErasureThatBreaksOffAnywhere_IsGoneOnWithAndLeavesNothing()
    {
        await using var night = await ErasureNight.CreateAsync(servers);
        string[] checkpoints = [.. Steps.SelectMany(step => step == "cache" ? [step] : new[] { step, $"{step} committed" })];
        var computed = await night.Night.ScalarAsync<Guid[]>(
            "select array(select distinct user_id from calculation_events order by 1)",
            Ct
        );
        var users = computed[..checkpoints.Length];
        ReceiptReader reader = new(night.Night.Database);
        Dictionary<Guid, Receipt> receipts = [];
        List<string> texts = [];
        foreach (var user in users)
        {
            texts.AddRange(await night.TextsOfAsync(user));
            receipts.Add(user, (await reader.FindAsync(night.Proof.Runs[1].Id, user, Ct))!);
        }
        Assert.True((await night.FindAsync(texts)).Count > 10 * users.Length);
        var others = await night.OthersAsync(users);
        var root = await night.Night.ScalarAsync<byte[]>("select root from seals where seq = 2", Ct);

        foreach (var (checkpoint, user) in checkpoints.Zip(users))
        {
            var erasure = night.Erasure(at =>
            {
                if (at == checkpoint)
                    throw new InvalidOperationException("Broken off.");
            });
            await Assert.ThrowsAsync<InvalidOperationException>(async () =>
                await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct)
            );
            // What is there in between is proven, too.
            Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);

            var again = night.Erasure();
            if (await again.RequestAsync(user, Actor.Command, Ct) is { } id)
                Assert.NotNull((await again.GoOnAsync(id, Ct))!.CompletedAt);
            else
                Assert.Equal("completed committed", checkpoint);
        }

        Assert.Empty(await night.FindAsync(texts));
        Assert.Empty(await night.Erasure().FindOpenAsync(Ct));
        Assert.Equal(others, await night.OthersAsync(users));
        var report = await night.Proof.VerifyAsync(Ct);
        Assert.Empty(report.Faults);
        Assert.Equal((2 * users.Length, 2 + users.Length, 0), (report.Erased, report.Seals, report.OpenErasures));
        Assert.Equal(2 * (ProofNight.Users - users.Length), report.Calculations);
        Assert.Empty((await night.AuditAsync()).Findings);
        // No asset is said to be in a result that is not there.
        Assert.Equal(
            0,
            await night.Night.ScalarAsync<long>(
                """
                select count(*) from asset_postings p, generate_series(0, octet_length(p.positions) * 8 - 1) n where get_bit(p.positions, n) = 1
                    and not exists (select from calculation_results r where r.run_id = p.run_id and r.batch = p.batch and r.position = n)
                """,
                Ct
            )
        );
        // A receipt that was taken home before is as good as it was.
        Assert.All(receipts.Values, receipt => Assert.Equal(root, receipt.ComputeRoot()));
        // Those who are left still get theirs.
        foreach (var user in await night.Night.ScalarAsync<Guid[]>("select array(select distinct user_id from calculation_events)", Ct))
            Assert.Equal(root, (await reader.FindAsync(night.Proof.Runs[1].Id, user, Ct))!.ComputeRoot());
    }

    [Fact]
    public async Task D5_CacheAway_IsNotCompletedUntilItAnswers()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var texts = await night.TextsOfAsync(user);
        await using var away = PipelineFixture.Over(night.Night.DatabaseConnection, "127.0.0.1:1,connectTimeout=100", 50);
        var without = night.Erasure(over: away);
        var id = (await without.RequestAsync(user, Actor.Command, Ct))!.Value;

        var waiting = (await without.GoOnAsync(id, Ct))!;

        Assert.Null(waiting.CompletedAt);
        Assert.Contains(await night.FindAsync(texts), where => where.Contains("recs:", StringComparison.Ordinal));
        Assert.Equal([id], await without.FindOpenAsync(Ct));
        var report = await night.Proof.VerifyAsync(Ct);
        Assert.Empty(report.Faults);
        Assert.Equal(1, report.OpenErasures);

        var completed = (await night.Erasure().GoOnAsync(id, Ct))!;
        Assert.Equal(2, completed.Seal);
        Assert.Empty(await night.FindAsync(texts));
        Assert.Equal(
            (1, 1, 4, 1),
            (completed.Removed["accounts"], completed.Removed["results"], completed.Removed["events"], completed.Removed["leaves"])
        );
        // Whoever asks again gets the same receipt.
        Assert.Equal(completed.Removed, (await night.Erasure().GoOnAsync(id, Ct))!.Removed);
    }

    [Fact]
    public async Task D5_CalculationTakenOutAsIfErased_IsFound()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var users = await night.Night.ScalarAsync<Guid[]>("select array(select user_id from calculation_results order by 1)", Ct);
        var erasure = night.Erasure();
        await erasure.GoOnAsync((await erasure.RequestAsync(users[0], Actor.Command, Ct))!.Value, Ct);
        const string alike = """
            with place as (select b.run_id, b.number, (select count(distinct e.user_id)::int from calculation_events e
                    where e.run_id = b.run_id and e.user_id between b.first_user and b.last_user and e.user_id < $1)
                    + (select count(*)::int from erased_leaves l where l.run_id = b.run_id and l.batch = b.number) as leaf, b.leaves
                from run_batches b where $1 between b.first_user and b.last_user),
            gone as (delete from calculation_results where user_id = $1), events as (delete from calculation_events where user_id = $1),
            current as (delete from current_results where user_id = $1)
            insert into erased_leaves select run_id, number, leaf, substr(leaves, leaf * 32 + 1, 32), true, (select id from erasures) from place
            """;

        var report = await night.Proof.VerifyWithAsync(alike, Ct, users[2]);
        var changed = await night.Proof.VerifyWithAsync("update erasures set removed = removed || '{\"holdings\":1}'", Ct);
        var taken = await night.Proof.VerifyWithAsync("delete from seals where seq = 2", Ct);

        Assert.Equal([FaultKind.AlteredErasure], report.Faults.Select(fault => fault.Kind));
        Assert.Equal([FaultKind.AlteredErasure], changed.Faults.Select(fault => fault.Kind));
        Assert.Equal([FaultKind.SealMissing, FaultKind.UnsealedErasure, FaultKind.Missing], taken.Faults.Select(fault => fault.Kind));
        await using var connection = await night.Night.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await ProofNight.ChangeAsync(connection, alike, Ct, users[2]);
        Assert.Contains(
            (await DatabaseAudit.RunAsync(connection, night.Night.Database, new(TimeSpan.FromMinutes(5)), Ct)).Findings,
            finding => finding.Name == FindingName.AlteredErasure
        );
    }

    /// <summary>An erasure that the chain does not have explains nothing, be it said to be open or another entry's.</summary>
    [Theory]
    [InlineData("insert into erasures (id, user_id, requested_at) values (gen_random_uuid(), gen_random_uuid(), now())")]
    [InlineData("insert into erasures (id, requested_at, completed_at, seal) values (gen_random_uuid(), now(), now(), 2)")]
    [InlineData("insert into erasures (id, requested_at, completed_at, seal) select run_id, now(), now(), seq from seals where seq = 1")]
    public async Task D5_CalculationTakenOutByAnErasureWithoutASeal_IsFound(string erasure)
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        await using var planted = await PlantedTransaction.BeginAsync(night.Proof, Ct);
        Assert.Empty((await planted.VerifyAsync()).Faults);
        Assert.Empty((await planted.AuditAsync()).Findings);

        await planted.ChangeAsync(
            $"""
            with first as (select b.run_id, b.number, b.leaves, (select min(e.user_id::text)::uuid from calculation_events e where e.run_id = b.run_id
                    and e.user_id between b.first_user and b.last_user) as user_id from run_batches b where b.number = 1),
            results as (delete from calculation_results where user_id = (select user_id from first)),
            events as (delete from calculation_events where user_id = (select user_id from first)),
            current as (delete from current_results where user_id = (select user_id from first)),
            erasure as ({erasure} returning id)
            insert into erased_leaves select run_id, number, 0, substr(leaves, 1, 32), true, id from first, erasure
            """
        );

        var kinds = (await planted.VerifyAsync()).Faults.Select(fault => fault.Kind).ToList();
        Assert.Contains(FaultKind.UnsealedErasure, kinds);
        Assert.Contains(FaultKind.Missing, kinds);
        Assert.Contains(FindingName.UnsealedErasure, (await planted.AuditAsync()).Findings.Select(finding => finding.Name));
    }

    /// <summary>Leaves stay when retention drops their runs, so that none can be put in the place of one that was dropped.</summary>
    [Fact]
    public async Task D5_LeavesOfAnErasure_OutliveRetentionAndAreProvenAfterIt()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);
        var erasure = night.Erasure();
        await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct);
        await night.Night.ExecuteAsync("delete from result_reads; delete from run_batches; delete from overnight_job_runs", Ct);
        Assert.Equal(1, await night.Night.ScalarAsync<long>("select count(*) from erased_leaves", Ct));
        await using var planted = await PlantedTransaction.BeginAsync(night.Proof, Ct);

        await planted.ChangeAsync("update erased_leaves set run_id = gen_random_uuid(), hash = sha256('')");

        Assert.Contains(FaultKind.AlteredErasure, (await planted.VerifyAsync()).Faults.Select(fault => fault.Kind));
        Assert.Contains(FindingName.AlteredErasure, (await planted.AuditAsync()).Findings.Select(finding => finding.Name));
    }

    [Fact]
    public async Task D5_LeafOfACalculationThatIsThere_IsNoErasedOne()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results where batch = 1 order by 1 limit 1", Ct);
        var erasure = night.Erasure();
        await erasure.GoOnAsync((await erasure.RequestAsync(user, Actor.Command, Ct))!.Value, Ct);

        var report = await night.Proof.VerifyWithAsync("update erased_leaves set leaf = leaf + 1", Ct);

        Assert.All(report.Faults, fault => Assert.True(fault.Kind is FaultKind.AlteredErasure or FaultKind.Missing));
        Assert.Contains(report.Faults, fault => fault.What.EndsWith("whose calculation is there.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task D5_LastAdministrator_IsRefused()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        await night.Night.ExecuteAsync(
            "update users set role = 'user', tenant_id = null; update users set role = 'admin' where id in (select id from users order by id limit 2)",
            Ct
        );
        var administrators = await night.Night.ScalarAsync<Guid[]>(
            "select array(select id from users where role = 'admin' order by id)",
            Ct
        );
        var erasure = night.Erasure();

        await erasure.GoOnAsync((await erasure.RequestAsync(administrators[0], Actor.Command, Ct))!.Value, Ct);
        var refused = await Assert.ThrowsAsync<RequestException>(() => erasure.RequestAsync(administrators[1], Actor.Command, Ct));

        Assert.Contains("is the last administrator", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, await night.Night.ScalarAsync<long>("select count(*) from users where deleted_at is not null", Ct));
        Assert.Null(await erasure.RequestAsync(Guid.NewGuid(), Actor.Command, Ct));
    }

    [Fact]
    public async Task D5_Command_ErasesByAddressAndPrintsAReceipt()
    {
        await using var night = await ErasureNight.CreateAsync(servers, runs: 1);
        var user = await night.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        var email = await night.Night.ScalarAsync<string>("select email from users where id = $1", Ct, user);
        var texts = await night.TextsOfAsync(user);

        var erased = await EraseAsync(email);
        var again = await EraseAsync(email);
        var none = await EraseAsync("--resume");
        var neither = await EraseAsync();
        var bad = await EraseAsync("nobody");

        Assert.Equal((0, ""), (erased.ExitCode, erased.Error));
        Assert.Contains("it is seal 2 of the chain.", erased.Output, StringComparison.Ordinal);
        Assert.Contains("  accounts: 1\n", erased.Output, StringComparison.Ordinal);
        Assert.Empty(await night.FindAsync(texts));
        Assert.Equal(
            (1, true),
            (again.ExitCode, again.Error.Contains("there is no user with the e-mail address", StringComparison.Ordinal))
        );
        Assert.Equal((0, "No erasure is open.\n"), (none.ExitCode, none.Output));
        Assert.Equal(
            (1, true),
            (neither.ExitCode, neither.Error.Contains("Give either USER, --resume, --list or --replay FILE.", StringComparison.Ordinal))
        );
        Assert.Equal((1, true), (bad.ExitCode, bad.Error.Contains("USER must be an e-mail address or an id", StringComparison.Ordinal)));
        // The log says that it was done, and not to whom.
        Assert.Equal(
            1,
            await night.Night.ScalarAsync<long>(
                "select count(*) from action_log l where action = 'erasure' and not exists (select from person_refs p where p.id = l.subject_ref)",
                Ct
            )
        );

        Task<JobsCommand> EraseAsync(params string[] arguments) =>
            JobsCommand.RunAsync(servers, night.Night.DatabaseConnection, ["erase", .. arguments], night.Night.CacheConnection, null, Ct);
    }
}
