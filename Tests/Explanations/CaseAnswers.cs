using System.Text.Json.Serialization;

namespace Overnight.Tests.Explanations;

/// <summary>Why a holding has its amount. Amounts, shares, scores and priorities have 4 decimals.</summary>
[JsonNumberHandling(JsonNumberHandling.Strict)]
internal sealed record WhyAnswer(
    string AssetId,
    string? Share,
    string? TargetMin,
    string? TargetMax,
    string? Gap,
    List<CriterionAnswer> Criteria,
    string Score,
    string? Priority,
    int? Rank,
    PartsAnswer Contribution
);

/// <param name="Outcome"><c>matched</c>, <c>missed</c> or <c>skipped</c>.</param>
/// <param name="Missing">Required fundamentals that are unknown, when skipped.</param>
internal sealed record CriterionAnswer(string Id, string? Value, string Outcome, List<string>? Missing, string Points);

internal sealed record PartsAnswer(string Share, string PooledOut, string PooledIn, string Remainder, string Amount);

/// <summary>What would have made a holding first; null where no change of the kind does, and all null where it is first.</summary>
internal sealed record FirstAnswer(string AssetId, bool IsFirst, FundamentalAnswer? Fundamental, TargetAnswer? Target, CashAnswer? Cash);

/// <param name="Criterion">Id of the criterion whose bound it is.</param>
internal sealed record FundamentalAnswer(string Metric, string From, string To, string Criterion);

/// <param name="Steps">Hundredths of a percentage point.</param>
[JsonNumberHandling(JsonNumberHandling.Strict)]
internal sealed record TargetAnswer(string ClassId, int Steps, string TargetMin, string TargetMax);

[JsonNumberHandling(JsonNumberHandling.Strict)]
internal sealed record CashAnswer(string ClassId, int Steps, string Amount);

/// <param name="Steps">The factors of each part; empty where the base currencies differ.</param>
internal sealed record ChangesAnswer(List<List<string>> Steps, List<ChangeAnswer> Holdings);

internal sealed record ChangeAnswer(string AssetId, string? Before, string? After, List<string> Parts);

internal static class CaseText
{
    public static string Fixed(decimal value) => (value == 0 ? 0 : value).ToString("F4");

    public static string Exact(decimal value) => value.ToString("0.############################");
}
