using System.Reflection;
using Overnight.Core.Proof;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D6: what was changed after it was sealed is found, and named.</summary>
public sealed class ChainTests(TestServers servers)
{
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

    [Fact]
    public async Task D6_EachChange_IsFoundByItsName()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);

        List<string> wrong = [];
        foreach (var (change, kind) in PlantedChanges.All)
        {
            var report = await proof.VerifyWithAsync(change, Ct);
            if (!report.Faults.Exists(fault => fault.Kind == kind))
                wrong.Add($"{kind} expected, not [{string.Join("; ", report.Faults)}]: {change}");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    [Fact]
    public void D6_EveryName_HasAChangeThatItIsFoundBy() =>
        Assert.Equal(ConstantsOf(typeof(FaultKind)), PlantedChanges.All.Select(one => one.Kind).Distinct().Order(StringComparer.Ordinal));

    internal static IEnumerable<string> ConstantsOf(Type names) =>
        names
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Order(StringComparer.Ordinal);

    [Fact]
    public async Task D6_UserOfAFault_IsNamedAndNobodyElse()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var user = await proof.Night.ScalarAsync<Guid>($"select {PlantedChanges.OneUser}", Ct);

        var report = await proof.VerifyWithAsync(
            $"update calculation_results set portfolio = portfolio || '\\x20' where user_id = {PlantedChanges.OneUser}",
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
}
