using Microsoft.Extensions.DependencyInjection;
using Overnight.Benchmarks.Replay;
using Overnight.Core.Actions;
using Overnight.Core.Runs;
using Overnight.Jobs.Proof;
using Overnight.Tests.Harness;
using Overnight.Tests.Input;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D4: the command replays from what was captured, whatever became of users and prices.</summary>
public sealed class StoredReplayTests(TestServers servers)
{
    private const int Computed = ProofNight.Users - 2;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task D4_UsersPortfoliosAndPricesGone_ReplaysTheSame()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await proof.Night.ExecuteAsync("delete from portfolios; delete from users; truncate prices, fundamentals, exchange_rates", Ct);
        Assert.Equal(0, await proof.Night.ScalarAsync<long>("select count(*) from holdings", Ct));

        var (replay, differences) = await ReplayAsync(proof, new());

        Assert.Empty(differences);
        Assert.Equal((2, 2 * Computed, 0), (replay.RunCount, replay.Replayed, replay.Differing));
        // The criteria of accounts that are gone are still there, and the chain is whole.
        Assert.Equal(ProofNight.Users, await proof.Night.ScalarAsync<long>("select count(*) from criteria_versions", Ct));
        Assert.Empty((await proof.VerifyAsync(Ct)).Faults);
    }

    /// <summary>Some 2,000 calculations; between the nights everything changes that a calculation is made from.</summary>
    [Fact]
    public async Task D4_ThreeNightsOfChanges_ReplayTheSame()
    {
        const int users = 700;
        await using var night = await PipelineFixture.CreateAsync(servers, users, Ct, batchSize: 100);
        await night.RunAsync(Ct);
        await ChangedInputs.MakeAsync(night.Database, 1, Ct);
        var second = await night.RunAsync(Ct, again: true);
        // The second night is by rules of a version that only this test has.
        await LaterRules.RewriteAsync(
            night.Database,
            second.Id,
            new(second.Market, second.BusinessDate, second.Revision, second.CorrelationId),
            Ct
        );
        await ChangedInputs.MakeAsync(night.Database, 2, Ct);
        await night.ExecuteAsync(
            """
            update asset_classes set target_max = 100, min_amount = 1;
            delete from prices where asset_id in (select asset_id from prices order by 1 limit 20)
            """,
            Ct
        );
        await night.RunAsync(Ct, again: true);

        StoredReplay replay = new(night.Database, LaterRules.All);
        List<ReplayedDifference> differences = [];
        await replay.RunAsync(new(), differences.Add, Ct);

        Assert.Empty(differences);
        Assert.Equal((3, 0), (replay.RunCount, replay.Differing));
        StoredReplay without = new(night.Database);
        await without.RunAsync(new(), _ => { }, Ct);
        Assert.Equal(
            await night.ScalarAsync<long>("select count(*) from calculation_results where run_id = $1", Ct, second.Id),
            without.Differing
        );
        Assert.Equal(await night.ScalarAsync<long>("select count(*) from calculation_results", Ct), replay.Replayed);
        Assert.InRange(replay.Replayed, 2 * users, 3 * users);
    }

    [Fact]
    public async Task D4_Selection_TakesUserRunLatestAndSample()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 3);
        var user = await proof.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 offset 9 limit 1", Ct);

        Assert.Equal((3, 3L), await CountAsync(new(User: user)));
        Assert.Equal((1, 1L), await CountAsync(new(User: user, Run: proof.Runs[1].Id)));
        Assert.Equal((1, (long)Computed), await CountAsync(new(Run: proof.Runs[1].Id)));
        Assert.Equal((3, 3L * Computed), await CountAsync(new(IsLatest: true)));
        Assert.Equal(5, (await CountAsync(new(Sample: 5))).Replayed);
        Assert.Equal(5, (await CountAsync(new(IsLatest: true, Sample: 5))).Replayed);
        Assert.Equal(2, (await CountAsync(new(User: user, Sample: 2))).Replayed);
        Assert.Equal((0, 0L), await CountAsync(new(User: Guid.NewGuid())));
        Assert.False(await new StoredReplay(proof.Night.Database).RunAsync(new(Run: Guid.NewGuid()), _ => { }, Ct));

        async Task<(int Runs, long Replayed)> CountAsync(ReplaySelection selection)
        {
            var (replay, differences) = await ReplayAsync(proof, selection);
            Assert.Empty(differences);
            return (replay.RunCount, replay.Replayed);
        }
    }

    /// <summary>A retry computes some users of a night, and another market its own: the newest run alone would prove little.</summary>
    [Fact]
    public async Task D4_Latest_IsTheWholeOfTheNewestDay()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await proof.Night.ExecuteAsync("update portfolios set criteria_version = 1", Ct);
        var retry = (await proof.Night.Services.GetRequiredService<RunRetry>().StartAsync(proof.Runs[1].Id, Actor.Command, Ct))!;
        await proof.Night.Participant.WorkAsync(retry, Ct);

        Assert.Equal((3, 2L * Computed + 2), await CountAsync());
        // The day before is another night.
        await proof.Night.ExecuteAsync(
            "update overnight_job_runs set business_date = business_date - 1 where id = $1",
            Ct,
            proof.Runs[0].Id
        );
        Assert.Equal((2, Computed + 2L), await CountAsync());

        async Task<(int Runs, long Replayed)> CountAsync()
        {
            var (replay, differences) = await ReplayAsync(proof, new(IsLatest: true));
            Assert.Empty(differences);
            return (replay.RunCount, replay.Replayed);
        }
    }

    [Fact]
    public async Task D4_SnapshotThatCantBeRead_IsADifferenceOfEachOfItsUsersAndOfNobodyElse()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct, runs: 2);
        await proof.Night.ExecuteAsync("alter table market_snapshots disable trigger user", Ct);
        await proof.Night.ExecuteAsync(
            "update market_snapshots set payload = set_byte(payload, 0, 99) where id = (select snapshot_id from overnight_job_runs where id = $1)",
            Ct,
            proof.Runs[1].Id
        );

        var (replay, differences) = await ReplayAsync(proof, new());

        Assert.Equal((2, 2 * Computed, Computed), (replay.RunCount, replay.Replayed, replay.Differing));
        Assert.Equal(Computed, differences.Count);
        Assert.All(differences, one => Assert.StartsWith($"{proof.Runs[1].Id} ", one.Run, StringComparison.Ordinal));
        Assert.All(differences, one =>
            Assert.Contains("has version 99; this build reads up to", one.Difference.Field, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task D4_Command_SaysWhatDiffersAndExits3()
    {
        await using var proof = await ProofNight.CreateAsync(servers, Ct);
        var database = proof.Night.DatabaseConnection;
        var same = await JobsCommand.RunAsync(servers, database, Ct, "replay", "--latest");
        var user = await proof.Night.ScalarAsync<Guid>("select user_id from calculation_results order by 1 limit 1", Ct);
        await proof.Night.ExecuteAsync(
            "update calculation_results set recommendations = set_byte(recommendations, o, get_byte(recommendations, o) # 1) from (select position('\"amount\":\"'::bytea in recommendations) + 9 as o from calculation_results where user_id = $1) p where user_id = $1",
            Ct,
            user
        );

        var changed = await JobsCommand.RunAsync(servers, database, Ct, "replay", "--run", $"{proof.Runs[0].Id}");
        var none = await JobsCommand.RunAsync(servers, database, Ct, "replay", "--run", $"{user}");
        var both = await JobsCommand.RunAsync(servers, database, Ct, "replay", "--run", $"{user}", "--latest");

        Assert.Equal((0, $"Replayed {Computed} calculations of 1 run: 0 differ.\n"), (same.ExitCode, same.Output));
        Assert.Equal(3, changed.ExitCode);
        Assert.StartsWith($"User {user} in run {proof.Runs[0].Id} (NYSE, ", changed.Output, StringComparison.Ordinal);
        Assert.Contains(": recommendations differs at byte ", changed.Output, StringComparison.Ordinal);
        Assert.Contains(", recommendations[0].amount.\n", changed.Output, StringComparison.Ordinal);
        Assert.EndsWith($"Replayed {Computed} calculations of 1 run: 1 differs.\n", changed.Output, StringComparison.Ordinal);
        Assert.Equal(1, none.ExitCode);
        Assert.Contains("there is no finished run", none.Error, StringComparison.Ordinal);
        Assert.Contains("--run and --latest exclude each other.", both.Error, StringComparison.Ordinal);
    }

    private static async Task<(StoredReplay Replay, List<ReplayedDifference> Differences)> ReplayAsync(
        ProofNight proof,
        ReplaySelection selection
    )
    {
        StoredReplay replay = new(proof.Night.Database);
        List<ReplayedDifference> differences = [];
        await replay.RunAsync(selection, differences.Add, Ct);
        return (replay, differences);
    }
}
