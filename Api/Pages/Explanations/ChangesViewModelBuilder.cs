using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>The page of what changed between two nights.</summary>
/// <param name="Title">Of the table; names the currency.</param>
/// <param name="Heads">Of the amounts before and after, with the currency where there are two.</param>
/// <param name="HasDifferences">False between two currencies, whose amounts have no difference.</param>
/// <param name="Order">Says in which order causes were taken, on which the parts depend.</param>
/// <param name="Causes">Columns: the steps in which any amount changed.</param>
/// <param name="Rows">Holdings whose amounts changed in any step; with those that have no row of their own in one more.</param>
/// <param name="Even">Says how many rows have the same amount twice, and parts that cancel out; null for none.</param>
/// <param name="Nights">Runs to compare, with their nights in words; latest first.</param>
/// <param name="Cut">Says which have no row of their own; null where all have.</param>
public sealed record ChangesViewModel(
    string Headline,
    string Lead,
    string Title,
    (string Before, string After) Heads,
    bool HasDifferences,
    string? Order,
    IReadOnlyList<string> Causes,
    IReadOnlyList<ChangeRow> Rows,
    ChangeRow? Sum,
    string? Even,
    string? Cut,
    string? Same,
    string AfterLink,
    string BeforeLink,
    IReadOnlyList<(string Run, string Night)> Nights,
    string BeforeRun,
    string AfterRun
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

    /// <param name="isLeftOut">Whether a result holds an asset that it did not rank, for want of a price.</param>
    /// <param name="nights">Others that can be compared, latest first.</param>
    public static ChangesViewModel Of(
        ChangesDocument changes,
        ExplanationWords words,
        Func<ExplainedRun, Guid, bool> isLeftOut,
        IEnumerable<ExplainedRun> nights
    )
    {
        var formats = words.Formats;
        var (before, after) = (WhyViewModelBuilder.Night(changes.Before, formats), WhyViewModelBuilder.Night(changes.After, formats));
        var moved = changes.Holdings.Where(one => IsMoved(one, changes.IsSplit)).ToList();
        // A cause that moved nothing is no column.
        int[] causes = [.. Enumerable.Range(0, changes.Steps.Count).Where(step => moved.Exists(one => Part(one, step) != 0))];
        var same = changes.Holdings.Count - moved.Count;
        // Rows are there for their parts, too, which may cancel out.
        var different = moved.Count(one => !changes.IsSplit || Value(one.Before) != Value(one.After));
        var even = moved.Count - different;
        var cut = moved.Skip(MostRows).ToList();
        ChangeCells cells = new(moved, causes, changes, isLeftOut, formats);
        List<ChangeRow> rows = [.. moved.Take(MostRows).Select(one => cells.Of(LinkOf(changes, one), one.Symbol, one.Name, [one]))];
        // Without the others the rows would not add up to the sum below them.
        if (cut.Count > 0)
            rows.Add(cells.Of(null, $"{cut.Count} more", null, cut));
        return new(
            !changes.IsSplit ? "The two nights are in two currencies"
                : different == 0 ? "No amount has changed"
                : $"{different} {(different == 1 ? "amount has" : "amounts have")} changed",
            $"From the night of {before} to that of {after}. {Lead(changes, moved, different, causes, words)}",
            changes.IsSplit ? $"Amounts and their causes, in {changes.BaseCurrencyAfter}" : "Amounts in two currencies",
            changes.IsSplit ? ("Before", "After") : ($"Before, {changes.BaseCurrencyBefore}", $"After, {changes.BaseCurrencyAfter}"),
            changes.IsSplit,
            changes.IsSplit && causes.Length > 0 ? OrderOf(changes, causes) : null,
            [.. causes.Select(step => Heading(ExplanationWords.Factors(changes.Steps[step])))],
            rows,
            changes.IsSplit && moved.Count > 0 ? cells.Of(null, "Sum", null, moved) : null,
            even == 0 ? null
                : even == 1 ? "1 of these amounts is the same in both nights: its parts add up to 0."
                : $"{even} of these amounts are the same in both nights: the parts of each add up to 0.",
            cut.Count > 0 ? $"{cut.Count} more {(cut.Count == 1 ? "holding is" : "holdings are")} in one row, the last." : null,
            same > 0 && moved.Count > 0 && changes.IsSplit
                ? $"{same} {(even > 0 ? "more " : "")}{(same == 1 ? "holding has" : "holdings have")} the same amount in both nights"
                    + (even > 0 ? ", without a part." : ".")
                : null,
            ExplanationPaths.WhyOf(changes.After.RunId),
            ExplanationPaths.WhyOf(changes.Before.RunId),
            [
                .. nights
                    .Append(changes.After)
                    .Append(changes.Before)
                    .DistinctBy(run => run.RunId)
                    .Select(run => ($"{run.RunId:D}", WhyViewModelBuilder.Night(run, formats))),
            ],
            $"{changes.Before.RunId:D}",
            $"{changes.After.RunId:D}"
        );
    }

    private static string LinkOf(ChangesDocument changes, HoldingChangeDocument one) =>
        ExplanationPaths.WhyOf($"{(one.After is null ? changes.Before : changes.After).RunId:D}", one.AssetId);

    private static string OrderOf(ChangesDocument changes, int[] causes) =>
        string.Concat(causes.Select(step => changes.Steps[step]).Where(step => step.Count > 1).Select(Together))
        + "Each part is what an amount changed by when one cause after the other was taken from the later night, in this order: "
        + $"{ExplanationWords.Factors(changes.Order)}. In another order the parts would be others, but their sum would be the same.";

    /// <summary>Why causes have one part: the result with the first of them alone can't be calculated.</summary>
    private static string Together(IReadOnlyList<string> step) =>
        $"{ExplanationWords.Capital(ExplanationWords.Factors(step))} are one cause here, because no result can be calculated with a part of them. ";

    private static string Lead(
        ChangesDocument changes,
        List<HoldingChangeDocument> moved,
        int different,
        int[] causes,
        ExplanationWords words
    )
    {
        if (!changes.IsSplit)
        {
            return $"The first is in {changes.BaseCurrencyBefore} and the second in {changes.BaseCurrencyAfter}, "
                + "so amounts have no difference that could be split into causes.";
        }
        if (moved.Count == 0)
            return "Every holding has the same amount in both, whatever else changed between them.";
        var largest = causes
            .Select(step => (Step: step, Moved: moved.Sum(one => Math.Abs(Part(one, step)))))
            .OrderByDescending(cause => cause.Moved)
            .ToList();
        var (first, sum) = (largest[0], largest.Sum(cause => cause.Moved));
        var (cause, percent) = (ExplanationWords.Factors(changes.Steps[first.Step]), 100 * first.Moved / sum);
        var part =
            largest.Count == 1 ? $"All of it comes from {cause}."
            : percent >= 99.5m ? $"Nearly all of it comes from {cause}."
            : $"{(percent >= 50.5m ? "Most" : "The largest part")} of it comes from {cause}: {words.Formats.Percent(percent, 0)} of all that moved.";
        return different == 0 ? $"What moved amounts up and what moved them down cancels out. {part}" : part;
    }

    /// <summary>The same number in two currencies is not the same amount.</summary>
    private static bool IsMoved(HoldingChangeDocument one, bool isSplit) =>
        (one.Before != one.After || !isSplit) && (Value(one.Before) != 0 || Value(one.After) != 0)
        || one.Parts.Any(part => ExplanationWords.Decimal(part) != 0);

    private static decimal Part(HoldingChangeDocument one, int step) => ExplanationWords.Decimal(one.Parts[step]);

    private static decimal Value(string? amount) => amount is null ? 0 : ExplanationWords.Decimal(amount);

    private static string Heading(string words)
    {
        // "Your contribution" is "Contribution" at the head of a column.
        var text = words.Replace("your ", "", StringComparison.Ordinal).Replace("the calculation's ", "", StringComparison.Ordinal);
        return ExplanationWords.Capital(text);
    }

    /// <summary>
    /// Writes the numbers of all rows with the same decimals, as many as the longest of them has: rounded one by one, the parts would not
    /// add up to the difference, nor the rows to the sum.
    /// </summary>
    private sealed class ChangeCells(
        List<HoldingChangeDocument> moved,
        int[] causes,
        ChangesDocument changes,
        Func<ExplainedRun, Guid, bool> isLeftOut,
        DisplayFormats formats
    )
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
                Amount(holdings, changes.Before, one => one.Before),
                Amount(holdings, changes.After, one => one.After),
                changes.IsSplit ? formats.Signed(holdings.Sum(one => Value(one.After) - Value(one.Before)), _decimals) : "",
                [.. causes.Select(step => Part(holdings.Sum(one => ChangesViewModelBuilder.Part(one, step))))]
            );

        private string Amount(List<HoldingChangeDocument> holdings, ExplainedRun run, Func<HoldingChangeDocument, string?> of) =>
            holdings is [{ } single] && of(single) is null
                ? (isLeftOut(run, single.AssetId) ? "left out" : "not held")
                : formats.Number(holdings.Sum(one => Value(of(one))), _decimals);

        private string Part(decimal part) => part == 0 ? "" : formats.Signed(part, _decimals);
    }
}
