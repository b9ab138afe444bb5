using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>Why a holding has its amount (SPEC C7).</summary>
/// <param name="Holding">Index into the portfolio's holdings.</param>
/// <param name="Class">Null for a holding without a price and without a class, where no class is computed for it.</param>
/// <param name="Criteria">In the user's order.</param>
/// <param name="Score">Sum of the points of the criteria that matched.</param>
/// <param name="Priority">Class gap x score / 100; null for a holding without a price, which is scored and left out.</param>
/// <param name="Rank">1 for the first to buy; null for a holding without a price.</param>
/// <param name="Parts">What became of the contribution; all 0 for a holding that is left out or not eligible.</param>
public sealed record HoldingExplanation(
    int Holding,
    Guid AssetId,
    string Symbol,
    ClassExplanation? Class,
    IReadOnlyList<CriterionExplanation> Criteria,
    Decimal4 Score,
    Decimal4? Priority,
    int? Rank,
    ContributionParts Parts
)
{
    /// <summary>The recommended amount, in base currency.</summary>
    public Decimal4 Amount => Decimal4.Round(Parts.Amount);
}

/// <summary>The class of a holding; shares, targets and gap in percent with 4 decimals.</summary>
/// <param name="Class">Index into the portfolio's classes, or <see cref="PortfolioHolding.Unclassified"/>.</param>
/// <param name="NameJson">The name as the inside of a JSON string: UTF-8, already escaped.</param>
/// <param name="Value">In base currency, unrounded.</param>
/// <param name="Gap">Midpoint of the target range minus <paramref name="Share"/>.</param>
/// <param name="Minimum">The smallest amount worth buying, in base currency.</param>
/// <param name="OverAllocated">Whether nothing of the class is bought.</param>
public sealed record ClassExplanation(
    int Class,
    ReadOnlyMemory<byte> NameJson,
    decimal Value,
    Decimal4 Share,
    Decimal4 TargetMin,
    Decimal4 TargetMax,
    Decimal4 Gap,
    Decimal4 Minimum,
    bool OverAllocated
);

/// <summary>What a criterion made of an asset.</summary>
public enum CriterionOutcome
{
    /// <summary>The comparison held; its points count.</summary>
    Matched,

    /// <summary>The comparison did not hold, or its metric is unknown and not required.</summary>
    Missed,

    /// <summary>A required fundamental is unknown.</summary>
    Skipped,
}

/// <summary>One criterion against one asset.</summary>
/// <param name="Criterion">Metric, operator, bounds and the points that a match gives.</param>
/// <param name="Value">The asset's value of the criterion's metric; null when unknown.</param>
/// <param name="Missing">The required fundamentals that are unknown; empty unless skipped.</param>
/// <param name="Points">Points that the score got: those of the criterion when it matched, otherwise 0.</param>
public sealed record CriterionExplanation(
    Criterion Criterion,
    decimal? Value,
    CriterionOutcome Outcome,
    IReadOnlyList<Metric> Missing,
    Decimal4 Points
);
