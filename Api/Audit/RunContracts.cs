using System.Text.Json;
using System.Text.Json.Serialization;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>A run as the list shows it. Counts of an unfinished run are those of its finished batches only in the run itself.</summary>
/// <param name="Note">What whoever started it should know; seldom there.</param>
/// <param name="Workers">For whoever started it: processes that were heard lately and will work on it.</param>
internal sealed record RunItem(
    Guid Id,
    string JobType,
    string Status,
    string? Market,
    DateOnly? BusinessDate,
    int? Revision,
    string Trigger,
    DateTimeOffset StartedAt,
    DateTimeOffset? CompletedAt,
    long? DurationMs,
    int UsersTotal,
    int UsersProcessed,
    int UsersFailed,
    Guid CorrelationId,
    RunLinks Links,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Note = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Workers = null
)
{
    public static RunItem From(Run run) =>
        new(
            run.Id,
            run.JobType,
            run.Status,
            run.Market,
            run.BusinessDate,
            run.Revision,
            run.Trigger,
            run.StartedAt,
            run.CompletedAt,
            Duration(run),
            run.UsersTotal,
            run.UsersProcessed,
            run.UsersFailed,
            run.CorrelationId,
            RunLinks.Of(run.Id)
        );

    internal static long? Duration(Run run) => run.CompletedAt is { } end ? (long)(end - run.StartedAt).TotalMilliseconds : null;
}

/// <param name="Failures">The users it could not compute.</param>
/// <param name="Calculations">Its calculations, each of which leads to its events.</param>
internal sealed record RunLinks(string Self, string Failures, string Calculations)
{
    public static RunLinks Of(Guid id) =>
        new($"{RunRoutes.Path}/{id:D}", $"{RunRoutes.Path}/{id:D}/failures", $"{CalculationRoutes.Path}?run={id:D}");
}

/// <summary>A run, opened.</summary>
internal sealed record RunDetail(
    Guid Id,
    string JobType,
    string Status,
    string? Market,
    DateOnly? BusinessDate,
    int? Revision,
    string Trigger,
    DateTimeOffset StartedAt,
    DateTimeOffset? PlannedAt,
    DateTimeOffset? CompletedAt,
    long? DurationMs,
    Guid? SnapshotId,
    int UsersTotal,
    int UsersProcessed,
    int UsersFailed,
    Guid CorrelationId,
    JsonElement? ErrorDetails,
    JsonElement? Metrics,
    BatchCounts Batches,
    RunFailures Failures,
    RunLinks Links
);

/// <summary>Checkpoints of a run; a batch that was split counts by its parts.</summary>
internal sealed record BatchCounts(int Total, int Done, int Cached);

/// <param name="Items">The first failures by user.</param>
/// <param name="Total">How many there are.</param>
internal sealed record RunFailures(IReadOnlyList<RunFailureItem> Items, int Total);

internal sealed record RunFailureItem(
    Guid UserId,
    string Stage,
    string Reason,
    string? Detail,
    DateTimeOffset OccurredAt,
    CalculationLinks Links
);
