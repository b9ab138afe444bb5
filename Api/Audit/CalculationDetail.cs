using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Api.Audit;

/// <summary>
/// One user's calculation with its events in full. Decimals are strings; allocation targets are percentages.
/// </summary>
internal sealed record CalculationDetail(
    Guid RunId,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    Guid UserId,
    string? Status,
    IReadOnlyList<EventDocument> Events,
    CalculationLinks Links
);

/// <summary>The fields that every event has; the others depend on its type.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartedDocument), "CALC_STARTED")]
[JsonDerivedType(typeof(InputsDocument), "INPUTS_CAPTURED")]
[JsonDerivedType(typeof(ScoresDocument), "SCORES_COMPUTED")]
[JsonDerivedType(typeof(CompletedDocument), "CALC_COMPLETED")]
internal abstract record EventDocument(DateTimeOffset OccurredAt);

internal sealed record StartedDocument(DateTimeOffset OccurredAt, int Batch) : EventDocument(OccurredAt);

/// <param name="RuleVersion">Version of the rules that calculated the result.</param>
/// <param name="WriterVersion">Version of the form in which the result is stored; names and shares after buying are in 2 and later.</param>
/// <param name="Contribution">Null when none was planned.</param>
/// <param name="Rates">Exchange rates that this user's holdings needed.</param>
internal sealed record InputsDocument(
    DateTimeOffset OccurredAt,
    int RuleVersion,
    int WriterVersion,
    DateTimeOffset GeneratedAt,
    string BaseCurrency,
    string? Contribution,
    CriteriaDocument Criteria,
    SnapshotDocument Snapshot,
    IReadOnlyList<ClassDocument> Classes,
    IReadOnlyList<HoldingDocument> Holdings,
    IReadOnlyList<RateDocument> Rates
) : EventDocument(OccurredAt);

/// <param name="Rules">As the user wrote them; null when they were erased with the user.</param>
internal sealed record CriteriaDocument(Guid Id, int Version, JsonElement? Rules);

internal sealed record SnapshotDocument(Guid Id, DateTimeOffset TakenAt, DateTimeOffset? PricesAsOf, DateTimeOffset? RatesAsOf);

internal sealed record ClassDocument(Guid Id, string Name, string TargetMin, string TargetMax, string MinAmount);

/// <param name="Name">Null when it was not captured; empty for an asset without a name.</param>
/// <param name="ClassName">Null when unclassified.</param>
/// <param name="Price">In <paramref name="Currency"/>; null when there was none.</param>
/// <param name="Fundamentals">The known fundamentals, by metric.</param>
internal sealed record HoldingDocument(
    Guid AssetId,
    string Symbol,
    string? Name,
    string? ClassName,
    string Quantity,
    string? Price,
    string Currency,
    IReadOnlyDictionary<string, string> Fundamentals
);

internal sealed record RateDocument(string From, string To, string Rate);

internal sealed record ScoresDocument(DateTimeOffset OccurredAt, IReadOnlyList<ScoreDocument> Scores) : EventDocument(OccurredAt);

internal sealed record ScoreDocument(Guid AssetId, string Symbol, string Score, IReadOnlyList<CriterionDocument> Breakdown);

/// <param name="Value">The metric's value that was compared; null when unknown.</param>
/// <param name="Outcome"><c>matched</c>, <c>not_matched</c>, or <c>skipped</c> where a required fundamental was missing.</param>
/// <param name="Points">What it added to the score.</param>
internal sealed record CriterionDocument(string? Id, string? Name, string? Metric, string? Value, string Outcome, string? Points);

/// <param name="Status"><c>completed</c> or <c>failed</c>.</param>
internal sealed record CompletedDocument(
    DateTimeOffset OccurredAt,
    string Status,
    double DurationMs,
    int Scores,
    int Recommendations,
    string? Stage,
    string? Reason
) : EventDocument(OccurredAt);
