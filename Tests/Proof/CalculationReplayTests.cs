using System.Text;
using Overnight.Core.Auditing;
using Overnight.Core.Proof;
using Overnight.Core.Recommendations;
using static Overnight.Tests.Audit.StoredFormInput;

namespace Overnight.Tests.Proof;

/// <summary>SPEC D4: stored bytes, computed again by the versions they name, and where they differ.</summary>
public sealed class CalculationReplayTests
{
    private static readonly TimeSpan Took = TimeSpan.FromMilliseconds(3.25);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    public void D4_GoldenCapture_OfEachVersion_ReplaysToItsBytes(int writer, int snapshot)
    {
        var market = MarketSnapshotCodec.Decode(Header, Golden($"snapshot-{snapshot}.bin"));

        Assert.Empty(new CalculationReplay(Context).Compare(Outcome(writer), StoredCriteria, market));
    }

    [Theory]
    [InlineData("\"amount\":\"", 10, "recommendations[0].amount")]
    [InlineData("\"score\":\"", 9, "recommendations[0].score")]
    [InlineData("\"totalValue\":\"", 14, "portfolioSummary.totalValue")]
    [InlineData("\"after\":\"", 9, "classes[0].after")]
    [InlineData("\"userId\":\"", 10, "userId")]
    public void D4_ChangedResult_IsNamedByOffsetAndField(string text, int skip, string field)
    {
        var changed = Outcome(2).Recommendations!.ToArray();
        var offset = changed.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) + skip;
        changed[offset] ^= 1;

        Assert.Equal([new("recommendations", offset, field)], Replay(Outcome(2) with { Recommendations = changed }));
    }

    [Fact]
    public void D4_ShorterLongerOrMissingParts_AreNamed()
    {
        var stored = Outcome(2);

        Assert.Equal(
            [new("portfolio", stored.Portfolio!.Length, "the end")],
            Replay(stored with { Portfolio = [.. stored.Portfolio!, 0x20] })
        );
        Assert.Equal([new("portfolio", null, "is not stored")], Replay(stored with { Portfolio = null }));
        Assert.Equal([new("SCORES_COMPUTED", null, "is not stored")], Replay(stored with { Scores = null }));
        Assert.Equal([new("CALC_COMPLETED", null, "is not stored")], Replay(stored with { Completed = null }));
    }

    [Fact]
    public void D4_ChangedEvents_AreNamedByField()
    {
        var stored = Outcome(2);
        var scores = stored.Scores!.ToArray();
        // After version, number of criteria and number of scores, an asset has a byte of each mask, then its score.
        scores[3] ^= 2;
        Core.Recommendations.Calculation other = new();
        other.Run(Portfolio(), Criteria().AsSpan(0, 1), Market(isStale: true, hasNames: true));

        Assert.Equal([new("SCORES_COMPUTED", 3, "scores[0].matched")], Replay(stored with { Scores = scores }));
        Assert.Equal(
            "status",
            Assert
                .Single(Replay(stored with { Completed = new EventCodec().Failed(Took, Core.Portfolios.CalculationStage.Score, "x") }))
                .Field
        );
        var portfolio = Portfolio();
        portfolio.Holdings.RemoveAt(5);
        other.Run(portfolio, Criteria(), Market(isStale: true, hasNames: true));
        Assert.Equal("scores", Assert.Single(Replay(stored with { Completed = new EventCodec().Completed(Took, other) })).Field);
        // Durations are no matter of a replay.
        other.Run(Portfolio(), Criteria(), Market(isStale: true, hasNames: true));
        Assert.Empty(Replay(stored with { Completed = new EventCodec().Completed(TimeSpan.FromSeconds(99), other) }));
    }

    [Fact]
    public void D4_OtherInputs_GiveAnotherResult()
    {
        var portfolio = Portfolio();
        portfolio.Contribution = new(10_000_001);
        var inputs = new EventCodec().Inputs(portfolio, SnapshotId, GeneratedAt, 2);

        Assert.Contains(Replay(Outcome(2) with { Inputs = inputs }), difference => difference.Part == "recommendations");
    }

    [Fact]
    public void D4_RulesOfAnotherVersion_AreThoseThatTheInputsName()
    {
        const int later = EventCodec.RuleVersion + 1;
        Dictionary<int, CalculationRule> rules = new(CalculationReplay.Rules)
        {
            // Only the first two criteria count.
            [later] = static (calculation, portfolio, criteria, market) => calculation.Run(portfolio, criteria[..2], market),
        };
        var (market, portfolio) = (Market(isStale: true, hasNames: true), Portfolio());
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(portfolio, Criteria().AsSpan(0, 2), market);
        EventCodec events = new();
        ResultWriter writer = new(market, Context, 2);
        StoredOutcome stored = new(
            UserId,
            events.Inputs(portfolio, SnapshotId, GeneratedAt, 2, later),
            events.Scores(calculation.Scores, Criteria().Length),
            events.Completed(Took, calculation),
            writer.Recommendations(portfolio, Criteria(), calculation, GeneratedAt),
            writer.Portfolio(portfolio, calculation, GeneratedAt)
        );

        Assert.Empty(new CalculationReplay(Context, rules).Compare(stored, StoredCriteria, market));
        Assert.Empty(new CalculationReplay(Context, rules).Compare(Outcome(2), StoredCriteria, market));
        Assert.Equal([new("INPUTS_CAPTURED", null, $"rule version {later} is not in this build")], Replay(stored));
        // The rules of this build give something else.
        Assert.NotEmpty(Replay(stored with { Inputs = events.Inputs(portfolio, SnapshotId, GeneratedAt, 2) }));
    }

    [Fact]
    public void D4_EveryRuleVersion_HasItsRules() =>
        Assert.Equal(Enumerable.Range(1, EventCodec.RuleVersion), CalculationReplay.Rules.Keys.Order());

    [Fact]
    public void D4_WhatIsNotThereOrUnreadable_IsADifference()
    {
        var (stored, market) = (Outcome(2), Market(isStale: true, hasNames: true));
        CalculationReplay replay = new(Context);

        Assert.Contains("criteria version", Assert.Single(replay.Compare(stored, null, market)).Field, StringComparison.Ordinal);
        Assert.Contains("market snapshot", Assert.Single(replay.Compare(stored, StoredCriteria, null)).Field, StringComparison.Ordinal);
        Assert.Contains("criteria", Assert.Single(replay.Compare(stored, "[{}]"u8.ToArray(), market)).Field, StringComparison.Ordinal);
        for (var length = 0; length < stored.Inputs.Length; length++)
            Assert.NotEmpty(replay.Compare(stored with { Inputs = stored.Inputs[..length] }, StoredCriteria, market));
    }

    [Fact]
    public void D4_InputsPlace_NamesEveryByte()
    {
        var inputs = Outcome(2).Inputs;

        var fields = Enumerable.Range(0, inputs.Length).Select(offset => EventFieldPath.OfInputs(inputs, offset)).Distinct().ToList();

        Assert.Equal(
            [
                "version",
                "ruleVersion",
                "writerVersion",
                "snapshotId",
                "criteriaVersionId",
                "criteriaVersion",
                "baseCurrency",
                "generatedAt",
            ],
            fields.Take(8)
        );
        Assert.Equal(
            ["contribution", "classes", "classes[0].id", "classes[0].name", "classes[0].targetMin", "classes[0].targetMax"],
            fields.Skip(8).Take(6)
        );
        Assert.Equal("holdings[5].quantity", fields[^1]);
        Assert.Equal("the end", EventFieldPath.OfInputs(inputs, inputs.Length));
    }

    private static IReadOnlyList<ReplayDifference> Replay(StoredOutcome stored) =>
        new CalculationReplay(Context).Compare(stored, StoredCriteria, Market(isStale: true, hasNames: true));

    private static StoredOutcome Outcome(int writer)
    {
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(Portfolio(), Criteria(), Market(isStale: true, hasNames: writer > 1));
        EventCodec events = new();
        return new(
            UserId,
            Golden($"inputs-{writer}.bin"),
            events.Scores(calculation.Scores, Criteria().Length),
            events.Completed(Took, calculation),
            Golden($"recommendations-{writer}.json"),
            Golden("portfolio-1.json")
        );
    }
}
