using System.Text.Json;
using System.Text.Json.Serialization;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Warming;

namespace Overnight.Api.Audit;

/// <summary>
/// A run as lists show it. Its counts are written when it is finalised; until then <see cref="RunDetail"/> adds up its batches.
/// </summary>
/// <param name="Note">A warning for the caller, such as that the market has no users; left out when there is none.</param>
/// <param name="Workers">Number of worker processes with a recent heartbeat, in the answer to a start; left out elsewhere.</param>
/// <param name="Night">The scheduled night that it is a run of, in lists and details; left out for other runs.</param>
/// <param name="Warm">The scheduled warm that it is a run of, likewise.</param>
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
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Workers = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DeadlineItem? Night = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DeadlineItem? Warm = null
)
{
    public static RunItem From(Run run) => From(run, default);

    public static RunItem From(Run run, RunDeadline deadline) =>
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
            RunLinks.Of(run.Id),
            Night: deadline.Night,
            Warm: deadline.Warm
        );

    internal static long? Duration(Run run) => run.CompletedAt is { } end ? (long)(end - run.StartedAt).TotalMilliseconds : null;
}

/// <param name="Failures">The users it could not compute.</param>
/// <param name="Calculations">Its calculations, each with a link to its events.</param>
internal sealed record RunLinks(string Self, string Failures, string Calculations)
{
    public static RunLinks Of(Guid id) =>
        new($"{RunRoutes.Path}/{id:D}", $"{RunRoutes.Path}/{id:D}/failures", $"{CalculationRoutes.Path}?run={id:D}");
}

/// <summary>A run with its details.</summary>
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
    RunLinks Links,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DeadlineItem? Night = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DeadlineItem? Warm = null
);

/// <summary>A scheduled night or warm against its deadline.</summary>
/// <param name="State">on-time, at-risk (of a warm: it broke), late or missed.</param>
/// <param name="Since">When it took this state.</param>
/// <param name="ForecastAt">When it will be, or was, finished; null while that is not known, or while it stalls.</param>
/// <param name="MarginMs">From the forecast to the deadline; negative after it.</param>
internal sealed record DeadlineItem(
    string State,
    DateTimeOffset Since,
    DateTimeOffset DueAt,
    DateTimeOffset DeadlineAt,
    DateTimeOffset? ForecastAt,
    DateTimeOffset? FinishedAt,
    long? MarginMs
)
{
    public static DeadlineItem From(ScheduledWork work) =>
        new(
            work.State,
            work.Since,
            work.DueAt,
            work.DeadlineAt,
            work.ForecastAt,
            work.FinishedAt,
            work.ForecastAt is { } forecast ? (long)(work.DeadlineAt - forecast).TotalMilliseconds : null
        );

    public static DeadlineItem From(ScheduledWarm warm) =>
        new(
            warm.Status.State.Name(),
            warm.Status.Since,
            warm.Times.DueAt,
            warm.Times.DeadlineAt,
            warm.Status.ForecastAt,
            warm.Status.FinishedAt,
            (long?)warm.Status.Margin(warm.Times)?.TotalMilliseconds
        );
}

/// <summary>The batches of a run by state; of a split batch, its parts are counted.</summary>
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
