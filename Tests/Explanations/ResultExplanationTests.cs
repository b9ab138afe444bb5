using System.Globalization;
using System.Text.Json;
using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C7: why a holding has its amount, against an oracle.</summary>
public sealed class ResultExplanationTests
{
    [Fact]
    public void C7_RandomPortfolios_AreExplainedAsByTheOracle()
    {
        var (pooled, repeated) = (0, 0);
        for (var number = 0; number < 2_000; number++)
        {
            var input = new RandomCase(new(number)).Next();

            var found = CoreAnswers.Why(input);

            Assert.Equal(JsonSerializer.Serialize(SpecAnswers.Why(input)), JsonSerializer.Serialize(found));
            pooled += found.Exists(w => w.Contribution.PooledIn != "0.0000") ? 1 : 0;
            repeated += found.Exists(w => w.Contribution.PooledIn != "0.0000" && w.Contribution.PooledOut != "0.0000") ? 1 : 0;
        }
        Assert.True(pooled > 100 && repeated > 10, $"{pooled} portfolios pooled, {repeated} gave and took.");
    }

    [Fact]
    public void HasStaleValues_WhereAPriceOfAHoldingIsAStoredOne_IsTrue()
    {
        var inputs = CoreAnswers.Inputs(new RandomCase(new(1)).Next());
        var held = inputs.Portfolio.Holdings.First(one => inputs.Market.Assets[one.Asset].Price is not null).Asset;
        Dictionary<int, DateTimeOffset> prices = new() { [held] = new(2026, 11, 19, 21, 0, 0, TimeSpan.Zero) };
        MarketSnapshot stale = new(
            inputs.Market.Header,
            inputs.Market.Assets,
            inputs.Market.Rates,
            new MarketStaleness(prices, new Dictionary<string, DateTimeOffset>())
        );

        Assert.False(inputs.HasStaleValues);
        Assert.True((inputs with { Market = stale }).HasStaleValues);
    }

    [Fact]
    public void C7_Explanation_HasTheAmountsOfTheResultAndPartsThatMakeThem()
    {
        for (var number = 0; number < 200; number++)
        {
            var inputs = CoreAnswers.Inputs(new RandomCase(new(number)).Next());
            var calculation = inputs.Calculate();

            var explained = ResultExplanation.Of(inputs);

            Assert.Equal(calculation.Unallocated, explained.Unallocated);
            Assert.Equal(inputs.Portfolio.Holdings.Count, explained.Holdings.Count);
            for (var i = 0; i < calculation.Ranked.Length; i++)
            {
                var (ranked, holding) = (calculation.Ranked[i], explained.Holdings[i]);
                Assert.Equal((ranked.Holding, i + 1, ranked.Amount), (holding.Holding, holding.Rank ?? 0, holding.Amount));
                Assert.Equal(ranked.Amount.ToDecimal(), holding.Parts.Amount);
                Assert.Equal(holding.Score.Units, holding.Criteria.Sum(c => c.Points.Units));
            }
        }
    }

    /// <summary>The oracle itself, against cases of an independent implementation.</summary>
    [Fact]
    public void Oracle_WorkedCases_AllAgree()
    {
        foreach (var line in File.ReadLines(SharedData.Require("conformance", "cases.jsonl")))
        {
            var one = JsonDocument.Parse(line).RootElement;
            var input = one.GetProperty("input").Deserialize<CaseInput>(CaseInput.Json)!;
            SpecCalculation spec = new(input);
            var parts = spec.Share();

            var expected = one.GetProperty("expected").GetProperty("recommendations").EnumerateArray().ToList();

            Assert.Equal(expected.Select(r => r.GetProperty("assetId").GetString()), spec.Order().Select(i => spec.Holdings[i].AssetId));
            foreach (var (i, recommendation) in spec.Order().Zip(expected))
            {
                var amount = decimal.Parse(recommendation.GetProperty("amount").GetString()!, CultureInfo.InvariantCulture);
                Assert.InRange(parts[i].Amount - amount, -0.0001m, 0.0001m);
            }
        }
    }
}
