using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>The page of one holding.</summary>
/// <param name="MoneyNote">Says which values of criteria are amounts of money; null where none is.</param>
/// <param name="Steps">
/// From priority to amount: words and a number each; the last is the amount. Empty for a holding without a share.
/// </param>
/// <param name="IsSearching">Whether the page has it when it is opened again.</param>
/// <param name="First">What would have made it the first to buy, in sentences, each with the what-if that shows it.</param>
public sealed record HoldingWhyViewModel(
    string Symbol,
    string? Name,
    string Night,
    string Headline,
    string Lead,
    string Score,
    IReadOnlyList<CriterionRow> Criteria,
    string? MoneyNote,
    IReadOnlyList<(string Words, string Amount)> Steps,
    string? FirstNote,
    bool IsSearching,
    IReadOnlyList<(string Sentence, string? Link)> First,
    CourseViewModel? Course,
    string AllLink,
    string WhatIfLink
);

/// <param name="PointsIfMatched">With their unit.</param>
public sealed record CriterionRow(string Name, string Rule, string Value, string Outcome, string Points, string PointsIfMatched);

/// <summary>Makes the content of the page of one holding.</summary>
internal static class HoldingWhyViewModelBuilder
{
    /// <param name="isBusy">Whether it was not searched for what would have made it first, because of another search.</param>
    public static HoldingWhyViewModel Of(HoldingWhyDocument why, bool isBusy, CourseViewModel? course, ExplanationWords words)
    {
        var (holding, formats, currency) = (why.Holding, words.Formats, why.BaseCurrency);
        var amount = ExplanationWords.Decimal(holding.Amount);
        var hasContribution = why.Contribution is { } planned && ExplanationWords.Decimal(planned) > 0;
        return new(
            holding.Symbol,
            holding.Name,
            WhyViewModelBuilder.Night(why.Run, formats),
            holding.Rank is null ? $"{holding.Symbol} was left out"
                : amount > 0 ? $"{holding.Symbol} gets {words.Amount(holding.Amount, currency)}"
                : hasContribution ? $"{holding.Symbol} gets nothing this time"
                : $"{holding.Symbol} is number {holding.Rank} in the order of buying",
            words.Why(holding, currency, why.Contribution) + Order(holding, words),
            words.Score(holding.Score),
            [.. holding.Criteria.Select(one => Row(one, words))],
            MoneyNote(holding.Criteria),
            hasContribution && holding.Rank is not null ? [.. Steps(why, words)] : [],
            FirstNote(why.First, holding.Rank is not null, isBusy, hasContribution),
            holding.Rank is not null && why.First is null,
            why.First is { IsFirst: false } and not { Fundamental: null, Target: null, Cash: null }
                ? [.. First(why, why.First, words)]
                : [],
            course,
            ExplanationPaths.WhyOf(why.Run.RunId),
            ExplanationPaths.WhatIfOf(why.Run.RunId)
        );
    }

    private static string Order(WhyHolding holding, ExplanationWords words) =>
        holding is { Rank: { } rank, Priority: { } priority }
            ? $" Its priority is {words.Priority(priority)}, which makes it number {rank} in the order of buying."
            : "";

    /// <summary>Amounts of money have no unit in the criteria, which compare them as they are stored.</summary>
    private static string? MoneyNote(IReadOnlyList<WhyCriterion> criteria)
    {
        List<string> names =
        [
            .. criteria.Select(one => one.Metric).Where(ExplanationWords.IsInMoney).Distinct().Select(ExplanationWords.Metric),
        ];
        if (names.Count == 0)
            return null;
        return $"{ExplanationWords.Capital(ExplanationWords.List(names))}: amounts in the currency in which their source gives them.";
    }

    private static CriterionRow Row(WhyCriterion one, ExplanationWords words) =>
        new(
            one.Name,
            words.Rule(one),
            one.Value is null ? "unknown" : words.Value(one.Metric, ExplanationWords.Decimal(one.Value)),
            ExplanationWords.Outcome(one),
            words.Score(one.Points),
            words.Points(one.PointsIfMatched)
        );

    private static IEnumerable<(string, string)> Steps(HoldingWhyDocument why, ExplanationWords words)
    {
        var (parts, currency) = (why.Holding.Contribution, why.BaseCurrency);
        if (ExplanationWords.Decimal(parts.Share) == 0 && ExplanationWords.Decimal(why.Holding.Amount) == 0)
            yield break;
        yield return (
            ExplanationWords.Decimal(why.Holding.Priority!) > 0
                ? "Share of the contribution, by priority"
                : "Share of the contribution, in equal parts",
            words.Amount(parts.Share, currency)
        );
        if (ExplanationWords.Decimal(parts.PooledOut) != 0)
            yield return ("Put together with other shares, because it was too small to buy", words.Amount($"-{parts.PooledOut}", currency));
        if (ExplanationWords.Decimal(parts.PooledIn) != 0)
            yield return (
                ExplanationWords.Decimal(parts.PooledOut) != 0
                    ? "From the shares put together"
                    : "From shares of others that were too small to buy",
                words.Amount(parts.PooledIn, currency)
            );
        if (ExplanationWords.Decimal(parts.Remainder) != 0)
            yield return ("Rounding, so that all amounts add up", words.Amount(parts.Remainder, currency));
        yield return ("Amount", words.Amount(why.Holding.Amount, currency));
    }

    private static string? FirstNote(CounterfactualsDocument? first, bool isRanked, bool isBusy, bool hasContribution) =>
        !isRanked ? "Nothing else would have: it can't be bought without a price."
        : isBusy ? "Another search of yours is under way. Look again in a few seconds."
        : first is null ? "The search for it takes longer than this page waits, and goes on. Look again in a few seconds."
        : first is { IsFirst: true } ? "It is the first to buy."
        : first is { Fundamental: null, Target: null, Cash: null }
            ? "Nothing of what is tried would have: no other value of one of its company figures, no other place of its class's target range, "
                + "and no more or less value in one class."
        : (hasContribution ? "To be first it must lead the order and get an amount. " : "To be first it must lead the order. ")
            + "Each change with a link would have done it alone. They are of different kinds, so their sizes can't be compared.";

    private static IEnumerable<(string, string?)> First(HoldingWhyDocument why, CounterfactualsDocument first, ExplanationWords words)
    {
        var form = ExplanationPaths.WhatIfOf(why.Run.RunId);
        if (first.Fundamental is { } fundamental)
        {
            yield return (
                $"If its {ExplanationWords.Metric(fundamental.Metric)} had been {Value(fundamental.To)} instead of {Value(fundamental.From)}, "
                    + $"which changes the outcome of “{fundamental.Criterion}”.",
                $"{form}&asset={why.Holding.AssetId:D}&metric={fundamental.Metric}&value={fundamental.To}"
            );
        }
        else
            yield return ("No other value of one of its company figures would have made it first.", null);
        if (first.Target is { } target)
        {
            var points = ExplanationWords.Decimal(target.Points);
            var high = words.Formats.ExactPercent(ExplanationWords.Decimal(target.TargetMax));
            yield return (
                $"If the target range of {target.ClassName} had been {words.Number(target.TargetMin)} to {high}, "
                    + $"which is {words.Formats.Exact(Math.Abs(points))} percentage points {(points > 0 ? "higher" : "lower")}.",
                $"{form}&shiftClass={target.ClassId:D}&points={target.Points}"
            );
        }
        else
            yield return (
                why.Holding.Class is { ClassId: null }
                    ? "It is in no class, so there is no target range to move."
                    : "No other place of its class's target range would have made it first.",
                null
            );
        if (first.Cash is { } cash)
        {
            var amount = ExplanationWords.Decimal(cash.Amount);
            var worth = $"{words.Formats.Exact(Math.Abs(amount))} {why.BaseCurrency}";
            var name = cash.ClassId is null ? "the holdings without a class" : cash.ClassName;
            yield return (
                $"If {name} had been worth {worth} {(amount > 0 ? "more" : "less")}.",
                $"{form}&cashClass={(cash.ClassId is { } id ? $"{id:D}" : "none")}&amount={cash.Amount}"
            );
        }
        else
            yield return ("No more or less value in one class would have made it first.", null);

        string Value(string value) => words.Value(first.Fundamental!.Metric, ExplanationWords.Decimal(value));
    }
}
