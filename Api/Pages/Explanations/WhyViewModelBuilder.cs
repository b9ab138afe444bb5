using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>A page of all holdings of a result.</summary>
/// <param name="Night">Market and date of the night.</param>
/// <param name="Stale">Says that stored values stood in for new ones; null where none did.</param>
public sealed record WhyViewModel(
    string Night,
    string Headline,
    string Lead,
    string Currency,
    IReadOnlyList<WhyRow> Rows,
    string? Cut,
    string? Unallocated,
    string? Stale,
    string ChangesLink,
    string WhatIfLink
);

/// <param name="Why">In a few sentences.</param>
public sealed record WhyRow(
    string Link,
    string Symbol,
    string? Name,
    string? ClassName,
    string Amount,
    string Score,
    string Gap,
    string Priority,
    string Why
);

/// <summary>Makes the content of the page of all holdings.</summary>
internal static class WhyViewModelBuilder
{
    /// <summary>Rows of a page; each has some sentences. The API has all.</summary>
    private const int MostRows = 100;

    /// <param name="isStale">Whether stored values stood in for new ones.</param>
    public static WhyViewModel Of(WhyDocument why, bool isStale, ExplanationWords words)
    {
        var (formats, currency) = (words.Formats, why.BaseCurrency);
        var has = why.Contribution is { } planned && ExplanationWords.Decimal(planned) > 0;
        var bought = why.Holdings.Count(holding => ExplanationWords.Decimal(holding.Amount) > 0);
        // One number of decimals for the table, so that amounts can be compared.
        var decimals = Math.Max(2, DisplayFormats.Decimals(why.Holdings.Select(holding => ExplanationWords.Decimal(holding.Amount))));
        return new(
            Night(why.Run, formats),
            has && bought > 0 ? $"How {words.Amount(why.Contribution!, currency)} were shared out"
                : has ? $"Why nothing of {words.Amount(why.Contribution!, currency)} is bought"
                : "Why your holdings are in this order",
            "Priority is how far a class is below the middle of its target range, in percentage points, times the score of the holding, divided by 100. "
                + "The contribution is shared in proportion to the priorities above 0. Shares below the smallest amount worth buying are put "
                + "together and go to the first holding that can take them.",
            currency,
            [.. why.Holdings.Take(MostRows).Select(holding => Row(why, holding, decimals, words))],
            why.Holdings.Count > MostRows ? $"{why.Holdings.Count - MostRows} more holdings are not on this page." : null,
            ExplanationWords.Decimal(why.Unallocated) > 0
                ? $"{words.Amount(why.Unallocated, currency)} stay unallocated, because no class has room for more."
                : null,
            isStale ? "A provider failed that night, so the last stored prices or exchange rates were used in place of new ones." : null,
            ExplanationPaths.ChangesSince(why.Run.RunId),
            ExplanationPaths.WhatIfOf(why.Run.RunId)
        );
    }

    public static string Night(ExplainedRun run, DisplayFormats formats) =>
        formats.Sentence($"{run.Market}, {ExplanationPaths.Date(run.BusinessDate)}")
        + (run.Revision > 1 ? $", revision {run.Revision}" : "");

    private static WhyRow Row(WhyDocument why, WhyHolding holding, int decimals, ExplanationWords words)
    {
        var formats = words.Formats;
        return new(
            ExplanationPaths.WhyOf($"{why.Run.RunId:D}", holding.AssetId),
            holding.Symbol,
            holding.Name,
            holding.Class is { } own ? ExplanationWords.Class(own) : null,
            holding.Rank is null ? "left out" : formats.Number(ExplanationWords.Decimal(holding.Amount), decimals),
            words.Score(holding.Score),
            holding.Class is { } of ? formats.Signed(ExplanationWords.Decimal(of.Gap), 1) : "",
            holding.Priority is { } priority ? words.Priority(priority) : "",
            words.Why(holding, why.BaseCurrency, why.Contribution, isInList: true)
        );
    }
}
