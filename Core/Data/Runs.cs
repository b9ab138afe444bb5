namespace Overnight.Core.Data;

/// <summary>A row of <c>overnight_job_runs</c>; a scoring run is unique by market, business date and revision.</summary>
public sealed class Run
{
    public Guid Id { get; init; }

    /// <summary>Assigned by the database when the row is inserted; runs are ordered by it.</summary>
    public long Number { get; init; }
    public required string JobType { get; init; }
    public required string Status { get; init; }
    public string? Market { get; init; }
    public DateOnly? BusinessDate { get; init; }
    public int? Revision { get; init; }
    public required string Trigger { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public DateTimeOffset? PlannedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public Guid? SnapshotId { get; init; }
    public int UsersTotal { get; init; }
    public int UsersProcessed { get; init; }
    public int UsersFailed { get; init; }
    public Guid CorrelationId { get; init; }
    public string? Traceparent { get; init; }
    public string? ErrorDetails { get; init; }
    public string? Metrics { get; init; }
}

/// <summary>Scheduled work and where it stands against its deadline.</summary>
public abstract class ScheduledWork
{
    public DateTimeOffset DueAt { get; init; }
    public DateTimeOffset DeadlineAt { get; init; }
    public required string State { get; init; }
    public DateTimeOffset Since { get; init; }
    public Guid? RunId { get; init; }
    public DateTimeOffset? ForecastAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>A scheduled night of a market.</summary>
public sealed class ScheduledNight : ScheduledWork
{
    public required string Market { get; init; }
    public DateOnly BusinessDate { get; init; }
}

/// <summary>A scheduled warm of a set; a warm that was not finished is finished by a later run.</summary>
public sealed class WarmDeadline : ScheduledWork
{
    public required string SetName { get; init; }
}

/// <summary>A checkpoint of a run: a range of users whose results commit together.</summary>
public sealed class Batch
{
    public Guid RunId { get; init; }
    public int Number { get; init; }
    public Guid FirstUser { get; init; }
    public Guid LastUser { get; init; }
    public int Size { get; init; }
    public required string Status { get; init; }
    public int UsersProcessed { get; init; }
    public int UsersFailed { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? CachedAt { get; init; }
}

/// <summary>A user that a run could not compute: at which stage, and why.</summary>
public sealed class RunFailure
{
    public Guid RunId { get; init; }
    public Guid UserId { get; init; }
    public required string Stage { get; init; }
    public required string Reason { get; init; }
    public string? Detail { get; init; }
    public DateTimeOffset OccurredAt { get; init; }
}

/// <summary>An immutable result, with exactly the bytes that the cache holds.</summary>
public sealed class CalculationResult
{
    public Guid UserId { get; init; }
    public DateOnly BusinessDate { get; init; }
    public Guid RunId { get; init; }
    public int Batch { get; init; }
    public short Position { get; init; }
    public DateTimeOffset GeneratedAt { get; init; }
    public required byte[] Recommendations { get; init; }
    public required byte[] Portfolio { get; init; }
}

/// <summary>The result of a user that is in force: the latest by business date, then by the run's number.</summary>
public sealed class CurrentResult
{
    public Guid UserId { get; init; }
    public DateOnly BusinessDate { get; init; }
    public Guid RunId { get; init; }
}
