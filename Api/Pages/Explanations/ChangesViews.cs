using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>The page of what changed between two nights.</summary>
/// <param name="Order">Says in which order causes were taken, on which the parts depend.</param>
/// <param name="Causes">Columns: the steps in which any amount changed.</param>
/// <param name="Rows">Holdings whose amounts changed in any step.</param>
public sealed record ChangesView(
    string Headline,
    string Lead,
    string Currency,
    string? Order,
    IReadOnlyList<string> Causes,
    IReadOnlyList<ChangeRow> Rows,
    ChangeRow? Sum,
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
internal static class ChangesViews
{
    private const int MostRows = 100;

    public static ChangesView Of(ChangesDocument changes, ExplanationWords words)
    {
        var formats = words.Formats;
        var currency = changes.BaseCurrencyAfter;
        var (before, after) = (WhyViews.Night(changes.Before, formats), WhyViews.Night(changes.After, formats));
        var moved = changes.Holdings.Where(IsMoved).ToList();
        // A cause that moved nothing is no column.
        int[] causes = [.. Enumerable.Range(0, changes.Steps.Count).Where(step => moved.Exists(one => Part(one, step) != 0))];
        var same = changes.Holdings.Count - moved.Count;
        return new(
            moved.Count == 0 ? "No amount has changed" : $"{moved.Count} {(moved.Count == 1 ? "amount has" : "amounts have")} changed",
            $"From the night of {before} to that of {after}. {Lead(changes, moved, causes, words)}",
            currency,
            changes.IsSplit && causes.Length > 0 ? OrderOf(changes) : null,
            [.. causes.Select(step => Capital(ExplanationWords.Factors(changes.Steps[step])))],
            [.. moved.Take(MostRows).Select(one => Row(changes, one, causes, formats))],
            changes.IsSplit && moved.Count > 0 ? SumOf(moved, causes, formats) : null,
            same > 0 && moved.Count > 0
                ? $"{same} {(same == 1 ? "holding has the same amount" : "holdings have the same amounts")} in both."
                : null,
            ExplanationPaths.WhyOf(changes.After.RunId),
            ExplanationPaths.WhyOf(changes.Before.RunId)
        );
    }

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

    private static bool IsMoved(HoldingChangeDocument one) =>
        one.Before != one.After && (Value(one.Before) != 0 || Value(one.After) != 0)
        || one.Parts.Any(part => ExplanationWords.Decimal(part) != 0);

    private static decimal Part(HoldingChangeDocument one, int step) => ExplanationWords.Decimal(one.Parts[step]);

    private static decimal Value(string? amount) => amount is null ? 0 : ExplanationWords.Decimal(amount);

    private static ChangeRow Row(ChangesDocument changes, HoldingChangeDocument one, int[] causes, DisplayFormats formats) =>
        new(
            ExplanationPaths.WhyOf($"{(one.After is null ? changes.Before : changes.After).RunId:D}", one.AssetId),
            one.Symbol,
            one.Name,
            one.Before is null ? "not held" : formats.Number(Value(one.Before), 2),
            one.After is null ? "not held" : formats.Number(Value(one.After), 2),
            one.Difference is null ? "" : formats.Signed(ExplanationWords.Decimal(one.Difference), 2),
            [.. causes.Select(step => Cell(Part(one, step), formats))]
        );

    private static ChangeRow SumOf(List<HoldingChangeDocument> moved, int[] causes, DisplayFormats formats) =>
        new(
            null,
            "Sum",
            null,
            formats.Number(moved.Sum(one => Value(one.Before)), 2),
            formats.Number(moved.Sum(one => Value(one.After)), 2),
            formats.Signed(moved.Sum(one => Value(one.After) - Value(one.Before)), 2),
            [.. causes.Select(step => Cell(moved.Sum(one => Part(one, step)), formats))]
        );

    private static string Cell(decimal part, DisplayFormats formats) =>
        part == 0 ? "" : formats.Signed(part, Math.Abs(part) < 0.01m ? 4 : 2);

    private static string Capital(string words)
    {
        // "Your contribution" is "Contribution" at the head of a column.
        var text = words.Replace("your ", "", StringComparison.Ordinal).Replace("the calculation's ", "", StringComparison.Ordinal);
        return $"{char.ToUpperInvariant(text[0])}{text[1..]}";
    }
}
