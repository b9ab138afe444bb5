using Overnight.Core.Actions;

namespace Overnight.Core.Warming;

/// <summary>How the warm of a set ended.</summary>
public enum WarmStatus
{
    Completed,

    /// <summary>Some entries failed, or the time limit ended the warm.</summary>
    Partial,

    /// <summary>The warm broke and is resumed where it stopped, or every entry failed.</summary>
    Failed,

    /// <summary>The warm was not begun, because another process is warming the set.</summary>
    Running,
}

/// <summary>The outcome of one set.</summary>
/// <param name="Warmed">Number of entries in the cache, including those of earlier tries.</param>
/// <param name="ResumedAt">Number of entries that earlier tries had written; null when there was none.</param>
/// <param name="IsCutShort">Whether the time limit ended the warm.</param>
/// <param name="Error">Why the warm broke; null when it did not.</param>
/// <param name="Left">By estimate how many entries the time limit left out; null when it did not, or that is not known.</param>
public sealed record WarmOutcome(
    string Set,
    WarmStatus Status,
    long Warmed,
    long Failed,
    TimeSpan Duration,
    long? ResumedAt = null,
    bool IsCutShort = false,
    string? Error = null,
    long? Left = null
)
{
    public string StatusName => Status.ToString().ToLowerInvariant();
}

/// <summary>The outcome of a warm of several sets.</summary>
public sealed record WarmReport(Guid CorrelationId, WarmTrigger Trigger, TimeSpan Duration, IReadOnlyList<WarmOutcome> Sets)
{
    public long Warmed => Sets.Sum(set => set.Warmed - (set.ResumedAt ?? 0));

    public bool IsWhole => Sets.All(set => set.Status is WarmStatus.Completed or WarmStatus.Running);
}

/// <summary>Progress of a set that is being warmed.</summary>
public readonly record struct WarmSetProgress(string Set, long Warmed, long Failed);

/// <summary>What to warm. A warm of a part of a set does not count as a warm of the set.</summary>
/// <param name="Trigger">Why the warm begins.</param>
/// <param name="Count">Largest number of entries of each set; null for the set's own limit.</param>
/// <param name="Tenant">The only tenant to warm, in sets that are per tenant; null for all.</param>
/// <param name="TimeLimit">Limit for the whole warm, in addition to each set's own.</param>
/// <param name="Keys">The only entries to warm, in sets whose entries have keys; null for all.</param>
/// <param name="CorrelationId">Id that the records of all its sets share; a new one when null.</param>
public sealed record WarmRequest(
    WarmTrigger Trigger,
    int? Count = null,
    Guid? Tenant = null,
    TimeSpan? TimeLimit = null,
    IReadOnlyList<string>? Keys = null,
    Guid? CorrelationId = null
)
{
    public bool IsWhole => Count is null && Tenant is null && Keys is null;

    /// <summary>What the action log says of a warm that somebody asked for. How it ended is in its records in overnight_job_runs.</summary>
    public ActionEntry Logged(Actor by, IEnumerable<WarmSet> sets) =>
        new(by, LoggedAction.Warm, "started")
        {
            Target = $"{CorrelationId:D}",
            Detail = new
            {
                Sets = sets.Select(set => set.Name).ToArray(),
                Trigger = Trigger.Name(),
                Count,
                Tenant,
                FlagKeys = Keys,
            },
        };
}
