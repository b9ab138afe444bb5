namespace Overnight.Core.Runs;

/// <summary>
/// A scoring run as stored in its row. Results are ordered by business date, then by the number that the database gave the run.
/// </summary>
/// <param name="AsOf">
/// Of a run of a past business date: when the night of that date was due, as of which it computes. It sends no notices of its own.
/// </param>
public sealed record PipelineRun(
    Guid Id,
    string Market,
    DateOnly BusinessDate,
    int Revision,
    string Status,
    string Trigger,
    DateTimeOffset StartedAt,
    bool IsPlanned,
    Guid CorrelationId,
    string? Traceparent,
    Guid? SnapshotId,
    Guid? RetryOf = null,
    DateTimeOffset? AsOf = null
)
{
    public bool IsFinished => Status != "started";

    /// <summary>Whether it computes only the users that failed in <see cref="RetryOf"/>.</summary>
    public bool IsRetry => RetryOf is not null;
}

/// <summary>What made a run start.</summary>
public enum RunTrigger
{
    Schedule,
    CatchUp,
    FirstStart,
    Manual,
    Api,
}

/// <summary>Names of triggers in the database and in output.</summary>
public static class RunTriggers
{
    public static string Name(this RunTrigger trigger) =>
        trigger switch
        {
            RunTrigger.Schedule => "schedule",
            RunTrigger.CatchUp => "catch-up",
            RunTrigger.FirstStart => "first-start",
            RunTrigger.Manual => "manual",
            RunTrigger.Api => "api",
            _ => throw new ArgumentOutOfRangeException(nameof(trigger), trigger, "Unknown trigger."),
        };
}
