using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overnight.Api.Explanations;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C7: what would have made a holding first, against an oracle that tries every point of every grid.</summary>
public sealed class CounterfactualTests(ITestOutputHelper output)
{
    private const int Portfolios = 1_000;

    /// <summary>
    /// The grid of SPEC, 200,000 points a class, takes the oracle seconds for a portfolio: most are tried on one that reaches as far with
    /// steps a hundred times as large.
    /// </summary>
    private static readonly CashGrid Coarse = new(2, 1_000);

    [Fact]
    public void C7_RandomPortfolios_AnswersAreThoseOfTheWholeGrid()
    {
        ConcurrentDictionary<string, int> kinds = [];
        Parallel.For(0, Portfolios, number =>
        {
            var (input, holding) = Case(number);
            var grid = ExplanationSample.IsWhole || number % 250 == 0 ? CashGrid.Default : Coarse;

            var found = CoreAnswers.First(input, holding, grid);

            var expected = SpecAnswers.First(input, holding, grid.Digits, grid.Limit);
            Assert.True(
                expected == found,
                $"PROPERTY_SEED={ExplanationSample.Seed}, portfolio {number}, holding {holding}: expected {expected}, found {found}\n{JsonSerializer.Serialize(input, CaseInput.Json)}"
            );
            foreach (var kind in KindsOf(found))
                kinds.AddOrUpdate(kind, 1, (_, count) => count + 1);
        });
        output.WriteLine(string.Join(", ", kinds.OrderBy(k => k.Key, StringComparer.Ordinal)));
        Assert.Equal(
            [
                "already first",
                "cash down",
                "cash none",
                "cash up",
                "fundamental",
                "fundamental none",
                "target down",
                "target none",
                "target up",
            ],
            kinds.Keys.Order(StringComparer.Ordinal)
        );
    }

    /// <summary>The answer that links to each as its proof, from the body that is sent to the bytes that come back.</summary>
    [Fact]
    public async Task C7_EachAnswerAppliedThroughWhatIf_MakesTheHoldingFirst()
    {
        var applied = 0;
        await Parallel.ForAsync(0, Portfolios, TestContext.Current.CancellationToken, async (number, ct) =>
        {
            var (input, holding) = Case(number);
            var inputs = CoreAnswers.Inputs(input);
            CapturedCalculation result = new(Guid.Empty, "NYSE", new(2026, 11, 20), 1, 1, Guid.Empty, Guid.Empty, inputs);
            var found = CounterfactualsDocument.Find(result, holding, ct);
            foreach (var proof in (WhatIfProof?[])[found.Fundamental?.WhatIf, found.Target?.WhatIf, found.Cash?.WhatIf])
            {
                if (proof is null)
                    continue;
                var best = (await WhatIfAsync(result, proof.Body, ct))["recommendations"]![0]!;
                Assert.Equal($"{inputs.Market.Assets[inputs.Portfolio.Holdings[holding].Asset].Id}", best["assetId"]!.GetValue<string>());
                Assert.True(
                    inputs.Portfolio.Contribution is not { IsPositive: true } || best["amount"]!.GetValue<string>() != "0.0000",
                    $"PROPERTY_SEED={ExplanationSample.Seed}, portfolio {number}, holding {holding}: {JsonSerializer.Serialize(proof.Body)}"
                );
                Interlocked.Increment(ref applied);
            }
        });
        Assert.True(applied > 200, $"Only {applied} answers were found in {Portfolios} portfolios.");
    }

    private static async Task<JsonNode> WhatIfAsync(CapturedCalculation result, WhatIfBody body, CancellationToken ct)
    {
        using MemoryStream sent = new(JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Web));
        var (asked, errors) = await WhatIfRequest.ReadAsync(sent, ct);
        Assert.Empty(errors);
        var (answer, problem) = WhatIfRoute.Answer(result, asked, errors, TimeProvider.System);
        Assert.True(answer is not null, $"{JsonSerializer.Serialize(errors)} {problem?.ProblemDetails.Detail}");
        return JsonNode.Parse(answer)!;
    }

    [Fact]
    public void C7_HoldingOfALargePortfolioThatNothingMakesFirst_IsTheSameOnAnyGrid()
    {
        // 30 holdings of 5 classes; the better of two twins is always before the other.
        var input = Large();
        var twin = input.Assets.Count - 1;

        var found = CoreAnswers.First(input, twin, CashGrid.Default);

        Assert.Equal(SpecAnswers.First(input, twin, Coarse.Digits, Coarse.Limit) with { Fundamental = found.Fundamental }, found);
        Assert.Null(found.Cash);
    }

    /// <summary>
    /// With a contribution of a few units rounding takes the leader's amount away over long stretches: each has to be passed over as a
    /// whole.
    /// </summary>
    [Fact]
    public void C7_TinyContributions_TakeFewTriesOnTheWholeGrid()
    {
        foreach (var units in (int[])[1, 2, 3, 5, 8, 13, 29, 61, 120, 300])
        {
            var inputs = CoreAnswers.Inputs(Large() with { Contribution = units / 10_000m });
            SearchProgress progress = new(TestContext.Current.CancellationToken);
            for (var holding = 0; holding < inputs.Portfolio.Holdings.Count; holding++)
                Counterfactuals.Of(inputs, holding, CashGrid.Default, progress);
            output.WriteLine($"{units}: {progress.Tried}");
            Assert.True(progress.Tried < 200_000, $"{progress.Tried} tries for a contribution of {units} units");
        }
    }

    [Fact]
    public void Of_SearchThatIsCancelled_Ends()
    {
        var inputs = CoreAnswers.Inputs(Large());
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        var last = inputs.Calculate().Ranked[^1].Holding;

        Assert.Throws<OperationCanceledException>(() => Counterfactuals.Of(inputs, last, cancelled.Token));
    }

    [Fact]
    public void Of_HoldingThatDoesNotExist_Throws()
    {
        var inputs = CoreAnswers.Inputs(Case(0).Input);

        Assert.Throws<ArgumentOutOfRangeException>(() => Counterfactuals.Of(inputs, inputs.Portfolio.Holdings.Count));
        Assert.Throws<ArgumentException>(() => Counterfactuals.Of(inputs with { Cash = new(0, 1) }, 0));
    }

    [Fact]
    public void Cash_MoreThanItsClassHas_IsRefusedWithBothValues()
    {
        var input = Large();
        var value = input.Assets.Where(a => a.ClassId == "class-0").Sum(a => a.Quantity * a.Price!.Value);
        var inputs = CoreAnswers.Inputs(input);

        var thrown = Assert.Throws<CalculationException>(() => (inputs with { Cash = new(0, -value - 0.01m) }).Calculate());

        Assert.Equal("out_of_range", thrown.Reason);
        Assert.Contains($"{-value - 0.01m} USD", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(0, (inputs with { Cash = new(0, -value) }).Calculate().Allocations[0].Value);
    }

    [Fact]
    public void Cash_OfAClass_IsValuedAndNeverRanked()
    {
        var inputs = CoreAnswers.Inputs(Large());
        var before = inputs.Calculate();

        var after = (inputs with { Cash = new(PortfolioHolding.Unclassified, 500.5m) }).Calculate();

        Assert.Equal(before.TotalValue + Decimal4.Round(500.5m), after.TotalValue);
        Assert.Equal(before.Allocations.Length + 1, after.Allocations.Length);
        Assert.Equal(500.5m, after.Allocations[^1].Value);
        Assert.Equal(before.Ranked.Length, after.Ranked.Length);
    }

    [Theory]
    [InlineData("0.0001", "0.00000001")]
    [InlineData("9.9999", "0.0001")]
    [InlineData("10", "0.001")]
    [InlineData("12345.67", "1")]
    [InlineData("922337203685477.5807", "10000000000")]
    public void StepOf_AnyTotal_IsFourDigitsBelowItsFirst(string total, string step) =>
        Assert.Equal(decimal.Parse(step), CashGrid.Default.StepOf(Decimal4.Round(decimal.Parse(total))));

    /// <summary>Steps of cash end where the portfolio's value would be more than a number holds.</summary>
    [Fact]
    public void C7_PortfolioNearTheLargestValue_IsAnswered()
    {
        var large = Large();
        var input = large with { Assets = [.. large.Assets.Select(a => a with { Quantity = a.Quantity * 10_000_000_000m })] };
        for (var holding = 0; holding < input.Assets.Count; holding++)
        {
            var inputs = CoreAnswers.Inputs(input);
            if (Counterfactuals.Of(inputs, holding).Cash is { } cash)
                AssertFirst(cash.ApplyTo(inputs), holding);
        }
        Assert.InRange(CoreAnswers.Inputs(input).Calculate().TotalValue.ToDecimal(), 100_000_000_000_000m, 900_000_000_000_000m);
    }

    private static (CaseInput Input, int Holding) Case(int number)
    {
        Random random = new(ExplanationSample.Seed * Portfolios + number);
        var input = new RandomCase(random).Next();
        return (input, random.Next(input.Holdings.Count));
    }

    private static CaseInput Large()
    {
        List<CaseClass> classes = [.. Enumerable.Range(0, 5).Select(i => new CaseClass($"class-{i}", $"Class {i}", 10, 30, 100))];
        List<CaseCriterion> criteria =
        [
            .. Enumerable
                .Range(0, 10)
                .Select(i => new CaseCriterion($"c{i}", $"c{i}", "pe_ratio", "lt", 5 + i * 3, null, 7 + i, ["pe_ratio"])),
        ];
        List<CaseAsset> assets =
        [
            .. Enumerable
                .Range(0, 29)
                .Select(i => new CaseAsset(
                    $"a{i}",
                    $"S{i:00}",
                    10 + i * 13 % 7,
                    "USD",
                    $"class-{i % 5}",
                    20 + i * 17 % 31,
                    new() { ["pe_ratio"] = 3 + i * 11 % 29 }
                )),
        ];
        assets.Add(assets[3] with { AssetId = "twin", Symbol = "T" });
        return new("u", "USD", 500, [], classes, criteria, assets);
    }

    private static void AssertFirst(CalculationInputs inputs, int holding)
    {
        var calculation = inputs.Calculate();
        Assert.Equal(holding, calculation.Ranked[0].Holding);
        Assert.True(inputs.Portfolio.Contribution is not { IsPositive: true } || calculation.Ranked[0].Amount.IsPositive);
    }

    private static IEnumerable<string> KindsOf(FirstAnswer answer)
    {
        if (answer.IsFirst)
            return ["already first"];
        return
        [
            answer.Fundamental is null ? "fundamental none" : "fundamental",
            answer.Target is null ? "target none"
            : answer.Target.Steps < 0 ? "target down"
            : "target up",
            answer.Cash is null ? "cash none"
            : answer.Cash.Steps < 0 ? "cash down"
            : "cash up",
        ];
    }
}
