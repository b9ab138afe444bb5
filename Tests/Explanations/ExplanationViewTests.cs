using System.Globalization;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Explanations;
using Overnight.Core.Explanations;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC P3: what the pages show adds up, whatever the number of holdings and of decimals.</summary>
public sealed class ExplanationViewTests
{
    private static readonly ExplainedRun Run = new(Guid.CreateVersion7(), "NYSE", new(2026, 11, 20), 1);

    [Theory]
    [InlineData(3, 3)]
    [InlineData(103, 101)]
    public void P3_Changes_AddUpInEachRowAndDownToTheSum(int holdings, int rows)
    {
        var changes = Changes([.. Enumerable.Range(0, holdings).Select(at => Holding(at, "1.0000", "1.6700", "0.3350", "0.3350"))]);

        var view = View(changes);

        Assert.Equal(rows, view.Rows.Count);
        Assert.Equal("0.3350", view.Rows[0].Parts[0].TrimStart('+'));
        Assert.All(view.Rows.Append(view.Sum!), row =>
        {
            Assert.Equal(Number(row.Difference), row.Parts.Sum(Number));
            Assert.Equal(Number(row.Difference), Number(row.After) - Number(row.Before));
        });
        Assert.Equal(Number(view.Sum!.Difference), view.Rows.Sum(row => Number(row.Difference)));
        Assert.Equal(Number(view.Sum.After), view.Rows.Sum(row => Number(row.After)));
        Assert.Equal(holdings * 0.67m, Number(view.Sum.Difference));
        Assert.Equal(holdings > 100 ? "3 more holdings are in one row, the last." : null, view.Cut);
    }

    /// <summary>The same number in two currencies is another amount, and each column names its own.</summary>
    [Fact]
    public void P3_ChangesBetweenTwoCurrencies_NameBothAndHaveNoSum()
    {
        var changes = Changes([Holding(0, "150.0000", "150.0000"), Holding(1, null, "9.0000")]) with
        {
            BaseCurrencyBefore = "JPY",
            IsSplit = false,
            Steps = [],
        };

        var view = View(changes);

        Assert.Equal(("Before, JPY", "After, EUR"), view.Heads);
        Assert.Equal(["150.00", "not held"], view.Rows.Select(row => row.Before));
        Assert.All(view.Rows, row => Assert.Empty(row.Difference));
        Assert.Null(view.Sum);
        Assert.Null(view.Same);
        Assert.False(view.HasDifferences);
        Assert.Equal("The two nights are in two currencies", view.Headline);
    }

    /// <summary>A row whose parts cancel out is there for the sums of the causes, and is no change of an amount.</summary>
    [Fact]
    public void P3_ChangesWithPartsThatCancelOut_CountOnlyAmountsThatDiffer()
    {
        HoldingChangeDocument even = Holding(0, "1.0000", "1.0000", "0.5000", "-0.5000");

        var view = View(
            Changes([even, Holding(1, "1.0000", "2.0000", "0.5000", "0.5000"), Holding(2, "1.0000", "1.0000", "0.0000", "0.0000")])
        );
        var none = View(Changes([even]));

        Assert.Equal(("1 amount has changed", 2), (view.Headline, view.Rows.Count));
        Assert.EndsWith("The largest part of it comes from prices: 50\u00A0% of all that moved.", view.Lead, StringComparison.Ordinal);
        Assert.Equal("1 of these amounts is the same in both nights: its parts add up to 0.", view.Even);
        Assert.Equal("1 more holding has the same amount in both nights, without a part.", view.Same);
        Assert.Equal(("No amount has changed", 1), (none.Headline, none.Rows.Count));
        Assert.Contains("What moved amounts up and what moved them down cancels out.", none.Lead, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0.6000", "0.4000", "Most of it comes from prices: 60\u00A0% of all that moved.")]
    [InlineData("0.9990", "0.0010", "Nearly all of it comes from prices.")]
    [InlineData("1.0000", "0.0000", "All of it comes from prices.")]
    public void P3_Changes_SayWhereMostComesFrom(string prices, string holdings, string lead) =>
        Assert.EndsWith(lead, View(Changes([Holding(0, "1.0000", "2.0000", prices, holdings)])).Lead, StringComparison.Ordinal);

    [Fact]
    public void P3_ChangesOfAHoldingWithoutAPrice_SayThatItWasLeftOut()
    {
        var (sold, unpriced) = (Holding(0, null, "9.0000", "0.0000", "9.0000"), Holding(1, null, "8.0000", "8.0000", "0.0000"));

        var view = View(Changes([sold, unpriced]), unpriced.AssetId);

        Assert.Equal(["not held", "left out"], view.Rows.Select(row => row.Before));
    }

    /// <summary>SPEC C7: a step that can't be computed is merged into the next and named so.</summary>
    [Fact]
    public void P3_ChangesOfCausesThatCantBeTakenApart_NameThemTogetherAndSayWhy()
    {
        var changes = Changes([Holding(0, "1.0000", "2.0000", "1.0000")]) with
        {
            Steps =
            [
                ["prices", "holdings"],
            ],
        };

        var view = View(changes);

        Assert.Equal(["Prices and holdings"], view.Causes);
        Assert.StartsWith("Prices and your holdings are one cause here, because", view.Order, StringComparison.Ordinal);
    }

    [Fact]
    public void P3_WhatIfThatMovesMoreThanAPage_SaysWhatTheOthersAddUpTo()
    {
        StoredRecommendation[] before = [.. Enumerable.Range(1, 103).Select(rank => Recommendation(rank, 1))];
        StoredRecommendation[] after = [.. Enumerable.Range(1, 103).Select(rank => Recommendation(rank, 2.5m))];

        var view = WhatIfViewModelBuilder.Compare(Result(before), Result(after), [], DisplayFormats.International);

        Assert.Equal(100, view.Rows.Count);
        Assert.Equal(
            "3 more holdings change place or amount and are not on this page: 7.50\u00A0EUR together, in place of 3.00\u00A0EUR.",
            view.Cut
        );
        Assert.Null(view.Same);
    }

    private static ChangesViewModel View(ChangesDocument changes, params Guid[] leftOut) =>
        ChangesViewModelBuilder.Of(changes, new(DisplayFormats.International), (_, asset) => leftOut.Contains(asset), [Run]);

    private static ChangesDocument Changes(IReadOnlyList<HoldingChangeDocument> holdings) =>
        new(
            Run,
            Run,
            Guid.CreateVersion7(),
            "EUR",
            "EUR",
            ["prices", "holdings"],
            true,
            [
                ["prices"],
                ["holdings"],
            ],
            holdings
        );

    private static HoldingChangeDocument Holding(int at, string? before, string after, params string[] parts) =>
        new(
            new Guid(at, 0, 0, new byte[8]),
            $"SYM{at}",
            null,
            before,
            after,
            parts.Length == 0 ? null : (Number(after) - Number(before ?? "0")).ToString(CultureInfo.InvariantCulture),
            parts
        );

    private static ResultDocument Result(IReadOnlyList<StoredRecommendation> items) =>
        new()
        {
            Recommendations = items,
            TotalInvestable = items.Sum(item => item.Amount),
            Currency = "EUR",
        };

    private static StoredRecommendation Recommendation(int rank, decimal amount) =>
        new(rank, $"SYM{rank}", null, "Bonds", 10, amount, 1, 1, "none") { AssetId = new Guid(rank, 0, 0, new byte[8]) };

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);
}
