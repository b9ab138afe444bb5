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

        var view = ChangesViewModelBuilder.Of(changes, new(DisplayFormats.International));

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

        var view = ChangesViewModelBuilder.Of(changes, new(DisplayFormats.International));

        Assert.Equal(("Before, JPY", "After, EUR"), view.Heads);
        Assert.Equal(["150.00", "not held"], view.Rows.Select(row => row.Before));
        Assert.All(view.Rows, row => Assert.Empty(row.Difference));
        Assert.Null(view.Sum);
        Assert.Null(view.Same);
        Assert.Equal("The two nights are in two currencies", view.Headline);
    }

    [Fact]
    public void P3_WhatIfThatMovesMoreThanAPage_SaysWhatTheOthersAddUpTo()
    {
        StoredRecommendation[] before = [.. Enumerable.Range(1, 103).Select(rank => Recommendation(rank, 1))];
        StoredRecommendation[] after = [.. Enumerable.Range(1, 103).Select(rank => Recommendation(rank, 2.5m))];

        var view = WhatIfViewModelBuilder.Compare(Result(before), Result(after), DisplayFormats.International);

        Assert.Equal(100, view.Rows.Count);
        Assert.Equal(
            "3 more holdings change place or amount and are not on this page: 7.50\u00A0EUR together, in place of 3.00\u00A0EUR.",
            view.Cut
        );
        Assert.Null(view.Same);
    }

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
            parts.Length == 0 ? null : (Number(after) - Number(before!)).ToString(CultureInfo.InvariantCulture),
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
