using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Explanations;

/// <summary>A page that says one thing.</summary>
public sealed record NoteOfPage(string Eyebrow, string Title, string Text, string Link, string LinkText);

/// <summary>The form of a what-if, and its answer where it was asked.</summary>
/// <param name="Run">Id of the run whose result is changed.</param>
/// <param name="Errors">In sentences; empty where there are none.</param>
public sealed record WhatIfViewModel(
    string Night,
    string Run,
    string Currency,
    WhatIfForm Form,
    IReadOnlyList<string> Errors,
    WhatIfAnswerViewModel? Answer
);

/// <summary>Fields of the form as they are shown, by name.</summary>
/// <param name="Assets">Holdings to choose from.</param>
/// <param name="AllClasses">Classes to choose from, with that of the holdings without a class.</param>
public sealed record WhatIfForm(
    string Contribution,
    IReadOnlyList<WhatIfClassFields> Classes,
    IReadOnlyList<WhatIfCriterionFields> Criteria,
    IReadOnlyList<(string Value, string Text)> Assets,
    IReadOnlyList<(string Value, string Text)> Metrics,
    IReadOnlyList<(string Value, string Text)> AllClasses,
    IReadOnlyDictionary<string, string> Chosen
)
{
    public string Of(string name) => Chosen.GetValueOrDefault(name, "");
}

/// <param name="Key">Ends the names of the class's fields.</param>
/// <param name="Minimum">The smallest amount worth buying.</param>
public sealed record WhatIfClassFields(string Key, string Name, string Min, string Max, string Minimum);

/// <param name="Rule">Words before the bound, with its unit.</param>
/// <param name="Bound">Null where the criterion has none.</param>
public sealed record WhatIfCriterionFields(
    string Key,
    string Name,
    string Metric,
    string Rule,
    string? Bound,
    string UpperRule,
    string? Upper,
    string Points
);

/// <param name="Asked">What was changed, in sentences; null where nothing was.</param>
/// <param name="Cut">Says what changes of holdings that have no row; null where all have one.</param>
/// <param name="Same">Says how many holdings change nothing; null where there are none, or no others.</param>
public sealed record WhatIfAnswerViewModel(
    string Headline,
    string Lead,
    string? Asked,
    IReadOnlyList<WhatIfRow> Rows,
    string? Cut,
    string? Same
);

public sealed record WhatIfRow(
    string Symbol,
    string? Name,
    string? ClassName,
    string Before,
    string After,
    string Difference,
    string RankBefore,
    string RankAfter
);

/// <summary>Compares an answer with the result whose inputs were changed.</summary>
internal static class WhatIfViewModelBuilder
{
    private const int MostRows = 100;

    /// <param name="asked">What was changed, in sentences.</param>
    public static WhatIfAnswerViewModel Compare(
        ResultDocument before,
        ResultDocument after,
        IReadOnlyList<string> asked,
        DisplayFormats formats
    )
    {
        var old = before.Recommendations.ToDictionary(item => item.AssetId);
        var (oldBought, newBought) = (Bought(before), Bought(after));
        var moved = after
            .Recommendations.Where(item => item.Amount != old[item.AssetId].Amount || item.Rank != old[item.AssetId].Rank)
            .ToList();
        var cut = moved.Skip(MostRows).ToList();
        var same = after.Recommendations.Count - moved.Count;
        // One number of decimals for the table, so that amounts can be compared.
        var decimals = Math.Max(
            2,
            DisplayFormats.Decimals(moved.Take(MostRows).SelectMany(item => new[] { item.Amount, old[item.AssetId].Amount }))
        );
        var first = after.Recommendations.Count > 0 ? after.Recommendations[0] : default;
        return new(
            after.TotalInvestable == 0 ? "Nothing would be bought: no contribution"
                : newBought == 0 ? $"Nothing of {Amount(after.TotalInvestable)} would be bought"
                : $"{Amount(after.TotalInvestable)} would go into {newBought} {(newBought == 1 ? "holding" : "holdings")}",
            moved.Count == 0 ? "Nothing changes: that is the result as it is." : $"{first.Symbol} would be first. {AsItIs()}",
            asked.Count == 0 ? null : string.Join(' ', asked),
            [.. moved.Take(MostRows).Select(Row)],
            cut.Count > 0
                ? $"{cut.Count} more {(cut.Count == 1 ? "holding changes" : "holdings change")} place or amount and "
                    + $"{(cut.Count == 1 ? "is" : "are")} not on this page: "
                    + $"{Amount(cut.Sum(item => item.Amount))} together, in place of {Amount(cut.Sum(item => old[item.AssetId].Amount))}."
                : null,
            moved.Count > 0 && same > 0 ? $"{same} {(same == 1 ? "holding keeps" : "holdings keep")} place and amount." : null
        );

        string AsItIs() =>
            before.TotalInvestable == 0 ? "As it is, no contribution is planned."
            : oldBought == 0 ? $"As it is, nothing of {Amount(before.TotalInvestable)} is bought."
            : $"As it is, {Amount(before.TotalInvestable)} go into {oldBought} {(oldBought == 1 ? "holding" : "holdings")}.";

        string Amount(decimal amount) => formats.Amount(amount, Math.Max(2, DisplayFormats.Decimals([amount])), after.Currency);

        WhatIfRow Row(StoredRecommendation item)
        {
            var was = old[item.AssetId];
            return new(
                item.Symbol,
                item.Name,
                item.ClassName,
                formats.Number(was.Amount, decimals),
                formats.Number(item.Amount, decimals),
                item.Amount == was.Amount ? "" : formats.Signed(item.Amount - was.Amount, decimals),
                formats.Number(was.Rank, 0),
                formats.Number(item.Rank, 0)
            );
        }

        static int Bought(ResultDocument result) => result.Recommendations.Count(item => item.Amount > 0);
    }
}
