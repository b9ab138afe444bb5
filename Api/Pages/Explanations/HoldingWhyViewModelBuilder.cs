using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;

namespace Overnight.Api.Pages.Explanations;

/// <summary>The page of one holding.</summary>
/// <param name="Steps">From priority to amount: words and a number each; the last is the amount.</param>
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
    IReadOnlyList<(string Words, string Amount)> Steps,
    string? FirstNote,
    bool IsSearching,
    IReadOnlyList<(string Sentence, string? Link)> First,
    CourseViewModel? Course,
    string AllLink,
    string WhatIfLink
);

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
            words.Why(holding, currency, why.Contribution),
            Score(holding.Score, formats),
            [.. holding.Criteria.Select(one => Row(one, words))],
            hasContribution && holding.Rank is not null ? [.. Steps(why, words)] : [],
            FirstNote(why.First, holding.Rank is not null, isBusy, hasContribution),
            holding.Rank is not null && why.First is null,
            why.First is { IsFirst: false } first ? [.. First(why, first, words)] : [],
            course,
            ExplanationPaths.WhyOf(why.Run.RunId),
            ExplanationPaths.WhatIfOf(why.Run.RunId)
        );
    }

    private static string Score(string text, DisplayFormats formats) =>
        formats.Number(ExplanationWords.Decimal(text), DisplayFormats.Decimals([ExplanationWords.Decimal(text)]));

    private static CriterionRow Row(WhyCriterion one, ExplanationWords words) =>
        new(
            one.Name,
            words.Rule(one),
            one.Value is null ? "unknown" : words.Number(one.Value),
            ExplanationWords.Outcome(one),
            Score(one.Points, words.Formats),
            Score(one.PointsIfMatched, words.Formats)
        );

    private static IEnumerable<(string, string)> Steps(HoldingWhyDocument why, ExplanationWords words)
    {
        var (parts, currency) = (why.Holding.Contribution, why.BaseCurrency);
        yield return ("Share of the contribution, by priority", words.Amount(parts.Share, currency));
        if (ExplanationWords.Decimal(parts.PooledOut) != 0)
            yield return ("Given away, because it was too small to buy", words.Amount($"-{parts.PooledOut}", currency));
        if (ExplanationWords.Decimal(parts.PooledIn) != 0)
            yield return ("From shares of others that were too small to buy", words.Amount(parts.PooledIn, currency));
        if (ExplanationWords.Decimal(parts.Remainder) != 0)
            yield return ("Rounding, so that all amounts add up", words.Amount(parts.Remainder, currency));
        yield return ("Amount", words.Amount(why.Holding.Amount, currency));
    }

    private static string? FirstNote(CounterfactualsDocument? first, bool isRanked, bool isBusy, bool hasContribution) =>
        !isRanked ? "It needs a price first."
        : isBusy ? "Another search of yours is under way. Look again in a few seconds."
        : first is null ? "The search for it takes longer than this page waits, and goes on. Look again in a few seconds."
        : first is { IsFirst: true } ? "It is the first to buy."
        : first is { Fundamental: null, Target: null, Cash: null } ? "No single change of these kinds would have done it."
        : hasContribution
            ? "To be first it must lead the order and get an amount. Each of these alone would have done it; they can't be compared with each other."
        : "Each of these alone would have put it at the head of the order; they can't be compared with each other.";

    private static IEnumerable<(string, string?)> First(HoldingWhyDocument why, CounterfactualsDocument first, ExplanationWords words)
    {
        var form = ExplanationPaths.WhatIfOf(why.Run.RunId);
        if (first.Fundamental is { } fundamental)
        {
            yield return (
                $"A {ExplanationWords.Metric(fundamental.Metric)} of {words.Number(fundamental.To)} instead of {words.Number(fundamental.From)}, which changes what “{fundamental.Criterion}” makes of it.",
                $"{form}&asset={why.Holding.AssetId:D}&metric={fundamental.Metric}&value={fundamental.To}"
            );
        }
        else
            yield return ("No other value of a single company figure would have.", null);
        if (first.Target is { } target)
        {
            var points = ExplanationWords.Decimal(target.Points);
            yield return (
                $"A target range for {target.ClassName} of {words.Number(target.TargetMin)} to {words.Number(target.TargetMax)} %: {words.Formats.Exact(Math.Abs(points))} points {(points > 0 ? "higher" : "lower")}.",
                $"{form}&shiftClass={target.ClassId:D}&points={target.Points}"
            );
        }
        else
            yield return ("No other place of its class's target range would have.", null);
        if (first.Cash is { } cash)
        {
            var amount = ExplanationWords.Decimal(cash.Amount);
            var name = cash.ClassId is null ? "holdings without a class" : cash.ClassName;
            yield return (
                $"{words.Formats.Exact(Math.Abs(amount))} {why.BaseCurrency} {(amount > 0 ? "more" : "less")} of value in {name}.",
                $"{form}&cashClass={(cash.ClassId is { } id ? $"{id:D}" : "none")}&amount={cash.Amount}"
            );
        }
        else
            yield return ("No more or less value in a single class would have.", null);
    }
}
