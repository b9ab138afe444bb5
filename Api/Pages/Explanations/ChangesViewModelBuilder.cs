using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>The page of what changed between two nights.</summary>
/// <param name="Title">Of the table; names the currency.</param>
/// <param name="Heads">Of the amounts before and after, with the currency where there are two.</param>
/// <param name="Order">Says in which order causes were taken, on which the parts depend.</param>
/// <param name="Causes">Columns: the steps in which any amount changed.</param>
/// <param name="Rows">Holdings whose amounts changed in any step; with those that have no row of their own in one more.</param>
/// <param name="Cut">Says which have no row of their own; null where all have.</param>
public sealed record ChangesViewModel(
    string Headline,
    string Lead,
    string Title,
    (string Before, string After) Heads,
    string? Order,
    IReadOnlyList<string> Causes,
    IReadOnlyList<ChangeRow> Rows,
    ChangeRow? Sum,
    string? Cut,
    string? Same,
    string AfterLink,
    string BeforeLink
);

/// <param name="Parts">By cause; empty where it is 0.</param>
public sealed record ChangeRow(
    string? Link,
    string Symbol,
    string? Name,
    string Before,
    string After,
    string Difference,
    IReadOnlyList<string> Parts
);

/// <summary>Makes the content of the page of changes.</summary>
internal static class ChangesViewModelBuilder
{
    private const int MostRows = 100;

    public static ChangesViewModel Of(ChangesDocument changes, ExplanationWords words)
    {
        var formats = words.Formats;
        var (before, after) = (WhyViewModelBuilder.Night(changes.Before, formats), WhyViewModelBuilder.Night(changes.After, formats));
        var moved = changes.Holdings.Where(one => IsMoved(one, changes.IsSplit)).ToList();
        // A cause that moved nothing is no column.
        int[] causes = [.. Enumerable.Range(0, changes.Steps.Count).Where(step => moved.Exists(one => Part(one, step) != 0))];
        var same = changes.Holdings.Count - moved.Count;
        var cut = moved.Skip(MostRows).ToList();
        ChangeCells cells = new(moved, causes, changes.IsSplit, formats);
        List<ChangeRow> rows = [.. moved.Take(MostRows).Select(one => cells.Of(LinkOf(changes, one), one.Symbol, one.Name, [one]))];
        // Without the others the rows would not add up to the sum below them.
        if (cut.Count > 0)
            rows.Add(cells.Of(null, $"{cut.Count} more", null, cut));
        return new(
            !changes.IsSplit ? "The two nights are in two currencies"
                : moved.Count == 0 ? "No amount has changed"
                : $"{moved.Count} {(moved.Count == 1 ? "amount has" : "amounts have")} changed",
            $"From the night of {before} to that of {after}. {Lead(changes, moved, causes, words)}",
            changes.IsSplit ? $"Amounts and their causes, in {changes.BaseCurrencyAfter}" : "Amounts in two currencies",
            changes.IsSplit ? ("Before", "After") : ($"Before, {changes.BaseCurrencyBefore}", $"After, {changes.BaseCurrencyAfter}"),
            changes.IsSplit && causes.Length > 0 ? OrderOf(changes) : null,
            [.. causes.Select(step => Capital(ExplanationWords.Factors(changes.Steps[step])))],
            rows,
            changes.IsSplit && moved.Count > 0 ? cells.Of(null, "Sum", null, moved) : null,
            cut.Count > 0 ? $"{cut.Count} more {(cut.Count == 1 ? "holding is" : "holdings are")} in one row, the last." : null,
            same > 0 && moved.Count > 0 && changes.IsSplit
                ? $"{same} {(same == 1 ? "holding has the same amount" : "holdings have the same amounts")} in both."
                : null,
            ExplanationPaths.WhyOf(changes.After.RunId),
            ExplanationPaths.WhyOf(changes.Before.RunId)
        );
    }

    private static string LinkOf(ChangesDocument changes, HoldingChangeDocument one) =>
        ExplanationPaths.WhyOf($"{(one.After is null ? changes.Before : changes.After).RunId:D}", one.AssetId);

    private static string OrderOf(ChangesDocument changes) =>
        "Each part is what an amount changed by when one cause after the other was taken from the later night, in this order: "
        + $"{ExplanationWords.Factors(changes.Order)}. In another order the parts would be others, but their sum would be the same.";

    private static string Lead(ChangesDocument changes, List<HoldingChangeDocument> moved, int[] causes, ExplanationWords words)
    {
        if (!changes.IsSplit)
        {
            return $"The first is in {changes.BaseCurrencyBefore} and the second in {changes.BaseCurrencyAfter}, so amounts have no difference that could be split into causes.";
        }
        if (moved.Count == 0)
            return "Whatever else changed, every holding gets what it got.";
        var largest = causes
            .Select(step => (Step: step, Moved: moved.Sum(one => Math.Abs(Part(one, step)))))
            .OrderByDescending(cause => cause.Moved)
            .ToList();
        var (first, sum) = (largest[0], largest.Sum(cause => cause.Moved));
        return largest.Count == 1
            ? $"The only cause is {ExplanationWords.Factors(changes.Steps[first.Step])}."
            : $"Most of it comes from {ExplanationWords.Factors(changes.Steps[first.Step])}: {words.Formats.Percent(100 * first.Moved / sum, 0)} of all that moved.";
    }

    /// <summary>The same number in two currencies is not the same amount.</summary>
    private static bool IsMoved(HoldingChangeDocument one, bool isSplit) =>
        (one.Before != one.After || !isSplit) && (Value(one.Before) != 0 || Value(one.After) != 0)
        || one.Parts.Any(part => ExplanationWords.Decimal(part) != 0);

    private static decimal Part(HoldingChangeDocument one, int step) => ExplanationWords.Decimal(one.Parts[step]);

    private static decimal Value(string? amount) => amount is null ? 0 : ExplanationWords.Decimal(amount);

    private static string Capital(string words)
    {
        // "Your contribution" is "Contribution" at the head of a column.
        var text = words.Replace("your ", "", StringComparison.Ordinal).Replace("the calculation's ", "", StringComparison.Ordinal);
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}";
    }

    /// <summary>
    /// Writes the numbers of all rows with the same decimals, as many as the longest of them has: rounded one by one, the parts would not
    /// add up to the difference, nor the rows to the sum.
    /// </summary>
    private sealed class ChangeCells(List<HoldingChangeDocument> moved, int[] causes, bool isSplit, DisplayFormats formats)
    {
        private readonly int _decimals = Math.Max(
            2,
            DisplayFormats.Decimals(
                moved.SelectMany(one =>
                    causes.Select(step => ChangesViewModelBuilder.Part(one, step)).Append(Value(one.Before)).Append(Value(one.After))
                )
            )
        );

        public ChangeRow Of(string? link, string symbol, string? name, List<HoldingChangeDocument> holdings) =>
            new(
                link,
                symbol,
                name,
                Amount(holdings, one => one.Before),
                Amount(holdings, one => one.After),
                isSplit ? formats.Signed(holdings.Sum(one => Value(one.After) - Value(one.Before)), _decimals) : "",
                [.. causes.Select(step => Part(holdings.Sum(one => ChangesViewModelBuilder.Part(one, step))))]
            );

        private string Amount(List<HoldingChangeDocument> holdings, Func<HoldingChangeDocument, string?> of) =>
            holdings is [{ } single] && of(single) is null ? "not held" : formats.Number(holdings.Sum(one => Value(of(one))), _decimals);

        private string Part(decimal part) => part == 0 ? "" : formats.Signed(part, _decimals);
    }
}
