using System.Globalization;
using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>
/// Why each holding of a result has its amount, for programs. Decimals are strings; amounts are in base currency, shares, targets and gaps
/// in percent.
/// </summary>
/// <param name="Unallocated">The part of the contribution that no holding could take.</param>
/// <param name="Holdings">Best first; those without a price last.</param>
public sealed record WhyDocument(
    ExplainedRun Run,
    Guid UserId,
    string BaseCurrency,
    string TotalValue,
    string? Contribution,
    string Unallocated,
    IReadOnlyList<WhyHolding> Holdings
)
{
    public static WhyDocument Of(CapturedCalculation result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var explained = ResultExplanation.Of(result.Inputs);
        return new(
            ExplainedRun.Of(result),
            result.UserId,
            explained.BaseCurrency,
            explained.TotalValue.ToString(),
            explained.Contribution?.ToString(),
            explained.Unallocated.ToString(),
            [.. explained.Holdings.Select(holding => WhyHolding.Of(result.Inputs, holding))]
        );
    }

    /// <summary>The inside of a JSON string as text.</summary>
    internal static string Text(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<string>((byte[])[(byte)'"', .. json, (byte)'"'])!;

    /// <summary>All decimals, without zeros at the end.</summary>
    internal static string Exact(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    internal static string Fixed(decimal value) => Decimal4.Round(value).ToString();
}

/// <summary>The run of a result.</summary>
public sealed record ExplainedRun(Guid RunId, string Market, DateOnly BusinessDate, int Revision)
{
    internal static ExplainedRun Of(CapturedCalculation result) => new(result.RunId, result.Market, result.BusinessDate, result.Revision);
}

/// <param name="Name">Null when it was not captured; empty for an asset without a name.</param>
/// <param name="Rank">1 for the first to buy; null for a holding without a price, which is scored and left out.</param>
/// <param name="Priority">Class gap x score / 100, never positive where both are negative.</param>
/// <param name="Class">Null for a holding without a price and without a class.</param>
public sealed record WhyHolding(
    Guid AssetId,
    string Symbol,
    string? Name,
    int? Rank,
    string Score,
    string? Priority,
    string Amount,
    WhyClass? Class,
    IReadOnlyList<WhyCriterion> Criteria,
    WhyParts Contribution
)
{
    internal static WhyHolding Of(CalculationInputs inputs, HoldingExplanation holding) =>
        new(
            holding.AssetId,
            holding.Symbol,
            inputs.Market.Assets[inputs.Portfolio.Holdings[holding.Holding].Asset].Name,
            holding.Rank,
            holding.Score.ToString(),
            holding.Priority?.ToString(),
            holding.Amount.ToString(),
            holding.Class is { } own ? WhyClass.Of(inputs, own) : null,
            [.. holding.Criteria.Select(WhyCriterion.Of)],
            WhyParts.Of(holding.Parts)
        );
}

/// <param name="ClassId">Null for holdings without a class, which form one named unclassified.</param>
/// <param name="Gap">Midpoint of the target range minus the share.</param>
/// <param name="OverAllocated">Whether nothing of the class is bought.</param>
public sealed record WhyClass(
    Guid? ClassId,
    string ClassName,
    string Value,
    string Share,
    string TargetMin,
    string TargetMax,
    string Gap,
    string MinAmount,
    bool OverAllocated
)
{
    internal static WhyClass Of(CalculationInputs inputs, ClassExplanation own) =>
        new(
            own.Class == PortfolioHolding.Unclassified ? null : inputs.Portfolio.Classes[own.Class].Id,
            WhyDocument.Text(own.NameJson.Span),
            WhyDocument.Fixed(own.Value),
            own.Share.ToString(),
            own.TargetMin.ToString(),
            own.TargetMax.ToString(),
            own.Gap.ToString(),
            own.Minimum.ToString(),
            own.OverAllocated
        );
}

/// <param name="Bound">What the value is compared with; null for <c>exists</c>.</param>
/// <param name="UpperBound">The second bound of <c>between</c>.</param>
/// <param name="Value">The asset's; null when unknown.</param>
/// <param name="Outcome"><c>matched</c>, <c>missed</c>, or <c>skipped</c> where a required fundamental is unknown.</param>
/// <param name="Missing">The required fundamentals that are unknown, when skipped.</param>
/// <param name="Points">What it added to the score.</param>
/// <param name="PointsIfMatched">What a match adds.</param>
public sealed record WhyCriterion(
    string Id,
    string Name,
    string Metric,
    string Operator,
    string? Bound,
    string? UpperBound,
    string? Value,
    string Outcome,
    IReadOnlyList<string> Missing,
    string Points,
    string PointsIfMatched
)
{
    internal static WhyCriterion Of(CriterionExplanation one) =>
        new(
            WhyDocument.Text(one.Criterion.IdJson.Span),
            WhyDocument.Text(one.Criterion.NameJson.Span),
            Metrics.Names[(int)one.Criterion.Metric],
            one.Criterion.Operator switch
            {
                ComparisonOperator.GreaterThan => "gt",
                ComparisonOperator.GreaterOrEqual => "gte",
                ComparisonOperator.LessThan => "lt",
                ComparisonOperator.LessOrEqual => "lte",
                ComparisonOperator.Equals => "equals",
                ComparisonOperator.Between => "between",
                _ => "exists",
            },
            one.Criterion.Operator == ComparisonOperator.Exists ? null : WhyDocument.Exact(one.Criterion.Value),
            one.Criterion.Operator == ComparisonOperator.Between ? WhyDocument.Exact(one.Criterion.Upper) : null,
            one.Value is { } value ? WhyDocument.Exact(value) : null,
            one.Outcome switch
            {
                CriterionOutcome.Matched => "matched",
                CriterionOutcome.Missed => "missed",
                _ => "skipped",
            },
            [.. one.Missing.Select(metric => Metrics.Names[(int)metric])],
            one.Points.ToString(),
            one.Criterion.Points.ToString()
        );
}

/// <summary>What became of the contribution: amount = share - pooledOut + pooledIn + remainder, exactly.</summary>
public sealed record WhyParts(string Share, string PooledOut, string PooledIn, string Remainder)
{
    internal static WhyParts Of(ContributionParts parts) =>
        new(
            WhyDocument.Fixed(parts.Share),
            WhyDocument.Fixed(parts.PooledOut),
            WhyDocument.Fixed(parts.PooledIn),
            WhyDocument.Fixed(parts.Remainder)
        );
}
