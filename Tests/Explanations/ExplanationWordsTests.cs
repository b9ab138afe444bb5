using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Explanations;
using Overnight.Core.Explanations;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC P3: explanations in sentences for a person who owns the portfolio.</summary>
public sealed class ExplanationWordsTests
{
    private static readonly WhyParts None = new("0.0000", "0.0000", "0.0000", "0.0000");

    private static readonly ExplanationWords Words = new(DisplayFormats.International);

    [Theory]
    [InlineData("dividend_yield", "gte", "2.5", null, "dividend yield of 2.5\u00A0% or more")]
    [InlineData("net_margin", "between", "6.7", "27.3", "net margin from 6.7 to 27.3\u00A0%")]
    [InlineData("pe_ratio", "lt", "18", null, "price/earnings below 18")]
    [InlineData("earnings", "exists", null, null, "any known value of earnings")]
    public void Rule_OfAMetric_HasItsUnit(string metric, string comparison, string? bound, string? upper, string words) =>
        Assert.Equal(words, Words.Rule(Criterion(metric, comparison, bound, upper)));

    [Fact]
    public void Outcome_OfASkippedCriterion_NamesWhatIsUnknown() =>
        Assert.Equal(
            "not counted: no value of years with a surplus and payout ratio is known",
            ExplanationWords.Outcome(
                Criterion("pe_ratio", "lt", "18") with
                {
                    Outcome = "skipped",
                    Missing = ["surplus_years", "payout_ratio"],
                }
            )
        );

    [Theory]
    [InlineData("1.0000", "1 point")]
    [InlineData("-1.0000", "-1 point")]
    [InlineData("0.5000", "0.50 points")]
    [InlineData("-19.0000", "-19 points")]
    public void Points_OfAnyNumber_HaveTheirPlural(string points, string words) => Assert.Equal(words, Words.Points(points));

    [Theory]
    [InlineData("2.0000", "0.0000", "0.0000", "because its score is not above 0.")]
    [InlineData("-2.0000", "5.0000", "-0.1000", "because its class is not below the middle of its target range.")]
    [InlineData("-2.0000", "-5.0000", "-0.1000", "not below the middle of its target range, and its score is not above 0.")]
    [InlineData("0.0010", "1.0000", "0.0000", "because its priority is 0 after rounding.")]
    public void Why_OfAHoldingThatGetsNothing_SaysWhatIsMissing(string gap, string score, string priority, string end) =>
        Assert.EndsWith(end, Words.Why(Holding(gap, score, priority, "0.0000", None), "EUR", "100"), StringComparison.Ordinal);

    /// <summary>What was put together with other shares is in what came back, and is not counted twice.</summary>
    [Fact]
    public void Why_OfAHoldingWhoseShareWasPooledAndCameBack_SaysBoth() =>
        Assert.EndsWith(
            "Its own share of 41.05\u00A0EUR was too small to buy and was put together with others that were; of these it got 90.01\u00A0EUR.",
            Words.Why(Holding("5.0000", "10.0000", "0.5000", "90.0100", new("41.0500", "41.0500", "90.0100", "0.0000")), "EUR", "90.01"),
            StringComparison.Ordinal
        );

    [Fact]
    public void HoldingThatNothingMakesFirst_SaysSoOnce_AndListsNoPartsOfNothing()
    {
        var holding = Holding("-2.0000", "5.0000", "-0.1000", "0.0000", None);

        var view = HoldingWhyViewModelBuilder.Of(
            new(
                new(Guid.CreateVersion7(), "NYSE", new(2026, 11, 20), 1),
                default,
                "EUR",
                "1000",
                "100",
                holding,
                new(false, null, null, null)
            ),
            false,
            null,
            Words
        );

        Assert.StartsWith("Nothing of what is tried would have: no other value", view.FirstNote, StringComparison.Ordinal);
        Assert.Empty(view.First);
        Assert.Empty(view.Steps);
        Assert.EndsWith("Its priority is -0.10, which makes it number 3 in the order of buying.", view.Lead, StringComparison.Ordinal);
        Assert.Equal("Revenue: amounts in the currency in which their source gives them.", view.MoneyNote);
    }

    [Fact]
    public void WhyOfANightWithStoredPrices_SaysThatAProviderFailed()
    {
        var holding = Holding("5.0000", "10.0000", "0.5000", "100.0000", None with { Share = "100.0000" });
        WhyDocument why = new(new(Guid.CreateVersion7(), "NYSE", new(2026, 11, 20), 1), default, "EUR", "1000", "100", "0.0000", [holding]);

        Assert.StartsWith(
            "A provider failed that night",
            WhyViewModelBuilder.Of(why, isStale: true, Words).Stale,
            StringComparison.Ordinal
        );
        Assert.Null(WhyViewModelBuilder.Of(why, isStale: false, Words).Stale);
    }

    private static WhyHolding Holding(string gap, string score, string priority, string amount, WhyParts parts) =>
        new(
            Guid.CreateVersion7(),
            "BND",
            null,
            3,
            score,
            priority,
            amount,
            new(Guid.CreateVersion7(), "Bonds", "100.0000", "10.0000", "8.0000", "12.0000", gap, "50.0000", false),
            [Criterion("revenue", "gt", "1000000")],
            parts
        );

    private static WhyCriterion Criterion(string metric, string comparison, string? bound, string? upper = null) =>
        new("c", "Name", metric, comparison, bound, upper, "1", "matched", [], "5.0000", "5.0000");
}
