using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Erasures;

/// <summary>SPEC D5: a process that erases is killed as a host is killed, and the next one goes on.</summary>
public sealed class ErasureKillTests(TestServers servers)
{
    private static readonly string[] Checkpoints =
    [
        "requested committed",
        "account",
        "batches committed",
        "results",
        "results committed",
        "edges",
        "cache",
        "completed",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D5_ProcessKilledWithSigkillAtAnyStep_IsGoneOnWithByTheNextAndLeavesNothing()
    {
        await using var night = await ErasureNight.CreateAsync(servers);
        var users = (await night.Night.ScalarAsync<Guid[]>("select array(select distinct user_id from calculation_events order by 1)", Ct))[
            ..Checkpoints.Length
        ];
        List<string> texts = [];
        foreach (var user in users)
            texts.AddRange(await night.TextsOfAsync(user));
        var others = await night.OthersAsync(users);

        foreach (var (checkpoint, user) in Checkpoints.Zip(users))
        {
            using var killed = TestJobsProcess.Start(night.Night, ["erase", $"{user}"], ("Faults:KillAt", checkpoint));
            var (code, output, _) = await killed.ExitAsync(Ct);
            Assert.True(code != 0 && output.Length == 0, $"{checkpoint}: it ended with {code}. {output}");
            Assert.Empty((await night.Proof.VerifyAsync(Ct)).Faults);
        }
        Assert.Equal(users.Length, (await night.Erasure().FindOpenAsync(Ct)).Count);
        using (var resumed = TestJobsProcess.Start(night.Night, ["erase", "--resume"]))
        {
            var (code, output, error) = await resumed.ExitAsync(Ct);
            Assert.True(code == 0, output + error);
        }

        Assert.Empty(await night.FindAsync(texts));
        Assert.Equal(others, await night.OthersAsync(users));
        var report = await night.Proof.VerifyAsync(Ct);
        Assert.Empty(report.Faults);
        Assert.Equal((2 * users.Length, 0), (report.Erased, report.OpenErasures));
        Assert.Empty((await night.AuditAsync()).Findings);
    }
}
