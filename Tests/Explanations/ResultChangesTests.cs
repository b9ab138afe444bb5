using System.Text.Json;
using Overnight.Core.Auditing;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;
using Overnight.Core.Proof;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C7, "why it changed": parts add up to the difference to the last digit, and are those of an oracle.</summary>
public sealed class ResultChangesTests(ITestOutputHelper output)
{
    private const int Pairs = 1_000;

    private static readonly ChangeFactor[] Factors = Enum.GetValues<ChangeFactor>();

    private static readonly ChangeFactor[][] Orders = [.. Permutations(Factors)];

    [Fact]
    public void C7_RandomPairs_PartsAddUpInTheOrderOfThePageAndInAllOthers()
    {
        // All orders of every pair take minutes. In the sample each pair has the next few, so that every order is tried on a pair.
        var each = ExplanationSample.IsWhole ? Orders.Length : (Orders.Length + Pairs - 1) / Pairs;
        var (merged, changed) = (0, 0);
        Parallel.For(0, Pairs, number =>
        {
            var (before, after) = Pair(number);

            Assert.Equal(
                JsonSerializer.Serialize(SpecChanges.Split(before, after, SpecChanges.Order)),
                JsonSerializer.Serialize(CoreAnswers.Changes(before, after))
            );

            var (from, to) = (CoreAnswers.Inputs(before), CoreAnswers.Inputs(after));
            var (older, newer) = (AmountsOf(from), AmountsOf(to));
            AssertAddsUp(ResultChanges.Between(from, to), older, newer);
            ChangeSplit split = new(from, to);
            for (var at = 0; at < each; at++)
            {
                var order = Orders[(number * each + at) % Orders.Length];
                var changes = split.In(order);
                AssertAddsUp(changes, older, newer);
                Assert.Equal(order, changes.Steps.SelectMany(s => s));
                Interlocked.Add(ref merged, changes.Steps.Count < Factors.Length ? 1 : 0);
                Interlocked.Add(ref changed, changes.Holdings.Any(h => h.Parts.Count(p => p.Units != 0) > 1) ? 1 : 0);
            }
        });
        output.WriteLine($"{merged} orders had a merged step, {changed} a holding with several parts.");
        Assert.True(merged > 50 && changed > 500, $"{merged} orders had a merged step, {changed} a holding with several parts.");
    }

    /// <summary>All 40,320 orders of one pair, in some of which a step can't be computed.</summary>
    [Fact]
    public void C7_OnePairInEveryOrder_PartsAddUp()
    {
        var (from, to) = Enumerable
            .Range(0, Pairs)
            .Select(Pair)
            .Select(p => (CoreAnswers.Inputs(p.Before), CoreAnswers.Inputs(p.After)))
            .First(p =>
            {
                var changes = ResultChanges.Between(p.Item1, p.Item2);
                return changes.Steps.Count < Factors.Length && changes.Holdings.Any(h => h.Parts.Count(x => x.Units != 0) > 2);
            });
        var (orders, merged) = (0, 0);
        var (before, after) = (AmountsOf(from), AmountsOf(to));
        ChangeSplit split = new(from, to);
        foreach (var order in Orders)
        {
            var changes = split.In(order);
            AssertAddsUp(changes, before, after);
            orders++;
            merged += changes.Steps.Count < Factors.Length ? 1 : 0;
        }
        Assert.Equal(40_320, orders);
        Assert.InRange(merged, 1, 40_319);
    }

    [Fact]
    public void Between_TwoBaseCurrencies_IsNotSplitAndSaysSo()
    {
        var (before, _) = Pair(0);
        var after = before with
        {
            BaseCurrency = "EUR",
            Rates = new() { ["USD_EUR"] = 0.9m, ["BRL_EUR"] = 0.2m },
        };

        var changes = ResultChanges.Between(CoreAnswers.Inputs(before), CoreAnswers.Inputs(after));

        Assert.False(changes.IsSplit);
        Assert.Equal(("USD", "EUR"), (changes.BaseCurrencyBefore, changes.BaseCurrencyAfter));
        Assert.Empty(changes.Steps);
        Assert.NotEmpty(changes.Holdings);
        Assert.All(changes.Holdings, h => Assert.Empty(h.Parts));
    }

    [Fact]
    public void Between_OneFactorAlone_HasTheWholeDifference()
    {
        var before = Pair(0).Before with { Contribution = 1_000 };

        var changes = CoreAnswers.Changes(before, before with { Contribution = 1_500 });

        Assert.All(changes.Holdings, h => Assert.All(h.Parts.SkipLast(1), p => Assert.Equal("0.0000", p)));
        Assert.Contains(changes.Holdings, h => h.Parts[^1] != "0.0000");
    }

    /// <summary>Results of an older version of the rules are still compared, and what the rules changed is a part of its own.</summary>
    [Fact]
    public void Between_TwoVersionsOfTheRules_HasAPartOfTheRules()
    {
        const int later = EventCodec.RuleVersion + 1;
        var inputs = CoreAnswers.Inputs(Pair(0).Before with { Contribution = 1_000 }) with
        {
            Rules = new Dictionary<int, CalculationRule>(CalculationReplay.Rules)
            {
                // Half of the contribution is kept.
                [later] = static (calculation, portfolio, criteria, market) =>
                {
                    var halved = CalculationInputs.Copy(portfolio, portfolio.Classes, portfolio.Holdings);
                    halved.Contribution = Decimal4.Round(portfolio.Contribution!.Value.ToDecimal() / 2);
                    calculation.Run(halved, criteria, market);
                },
            },
        };

        var changes = ResultChanges.Between(inputs, inputs with { RuleVersion = later });

        AssertAddsUp(changes, inputs, inputs with { RuleVersion = later });
        Assert.Equal([ChangeFactor.Rules], changes.Steps[0]);
        Assert.Contains(changes.Holdings, h => h.Parts[0] != Decimal4.Zero);
        Assert.All(changes.Holdings, h => Assert.All(h.Parts.Skip(1), part => Assert.Equal(Decimal4.Zero, part)));
        var thrown = Assert.Throws<CalculationException>(() => ResultExplanation.Of(inputs with { RuleVersion = later }));
        Assert.Equal("unknown_rules", thrown.Reason);
    }

    [Fact]
    public void Between_RulesThatThisBuildDoesNotHave_Throws()
    {
        var inputs = CoreAnswers.Inputs(Pair(0).Before);

        var thrown = Assert.Throws<CalculationException>(() => ResultChanges.Between(inputs with { RuleVersion = 99 }, inputs));

        Assert.Equal("unknown_rules", thrown.Reason);
        Assert.Contains("99", thrown.Message, StringComparison.Ordinal);
    }

    private static (CaseInput Before, CaseInput After) Pair(int number)
    {
        RandomCase random = new(new(ExplanationSample.Seed * Pairs + number));
        var before = random.Next();
        return (before, random.After(before));
    }

    private static void AssertAddsUp(ResultChanges changes, CalculationInputs from, CalculationInputs to) =>
        AssertAddsUp(changes, AmountsOf(from), AmountsOf(to));

    private static void AssertAddsUp(ResultChanges changes, Dictionary<Guid, long> before, Dictionary<Guid, long> after)
    {
        Assert.True(before.Keys.Concat(after.Keys).ToHashSet().IsSubsetOf(changes.Holdings.Select(h => h.AssetId)));
        foreach (var holding in changes.Holdings)
        {
            var (was, becomes) = (before.GetValueOrDefault(holding.AssetId), after.GetValueOrDefault(holding.AssetId));
            Assert.Equal(changes.Steps.Count, holding.Parts.Count);
            Assert.Equal(becomes - was, holding.Parts.Sum(p => p.Units));
            Assert.Equal((was, becomes), (holding.Before?.Units ?? 0, holding.After?.Units ?? 0));
        }
    }

    private static Dictionary<Guid, long> AmountsOf(CalculationInputs inputs)
    {
        var calculation = inputs.Calculate();
        return calculation
            .Ranked.ToArray()
            .ToDictionary(r => inputs.Market.Assets[inputs.Portfolio.Holdings[r.Holding].Asset].Id, r => r.Amount.Units);
    }

    private static IEnumerable<T[]> Permutations<T>(T[] items) =>
        items.Length == 0
            ?
            [
                [],
            ]
            : items.SelectMany((item, i) => Permutations((T[])[.. items[..i], .. items[(i + 1)..]]).Select(rest => (T[])[item, .. rest]));
}
