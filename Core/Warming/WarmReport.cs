namespace Overnight.Core.Warming;

/// <summary>How the warm of a set ended.</summary>
public enum WarmStatus
{
    Completed,

    /// <summary>Some entries failed, or the time limit came first.</summary>
    Partial,

    /// <summary>It broke, and is resumed where it stopped; or every entry failed.</summary>
    Failed,

    /// <summary>Not begun, because another process is warming the set.</summary>
    Running,
}

/// <summary>What became of one set.</summary>
/// <param name="Warmed">Entries in the cache, those of earlier tries included.</param>
/// <param name="ResumedAt">How many of them an earlier try had written; null when there was none.</param>
/// <param name="IsCutShort">Whether the time limit ended it.</param>
/// <param name="Error">Why it broke.</param>
public sealed record WarmOutcome(
    string Set,
    WarmStatus Status,
    long Warmed,
    long Failed,
    TimeSpan Duration,
    long? ResumedAt = null,
    bool IsCutShort = false,
    string? Error = null
)
{
    public string StatusName => Status.ToString().ToLowerInvariant();
}

/// <summary>What became of a warm.</summary>
public sealed record WarmReport(Guid CorrelationId, WarmTrigger Trigger, TimeSpan Duration, IReadOnlyList<WarmOutcome> Sets)
{
    public long Warmed => Sets.Sum(set => set.Warmed - (set.ResumedAt ?? 0));

    public bool IsWhole => Sets.All(set => set.Status is WarmStatus.Completed or WarmStatus.Running);
}

/// <summary>News of a warm that is under way.</summary>
public readonly record struct WarmSetProgress(string Set, long Warmed, long Failed);

/// <summary>What is asked of a warm; by hand it may be less than the whole set, and is then not remembered as one.</summary>
/// <param name="Count">The most entries of each set.</param>
/// <param name="Tenant">Only this tenant, of sets that are per tenant.</param>
/// <param name="TimeLimit">Of the whole warm, beside each set's own.</param>
/// <param name="Keys">Only these entries, of sets that know them by a key.</param>
public sealed record WarmRequest(
    WarmTrigger Trigger,
    int? Count = null,
    Guid? Tenant = null,
    TimeSpan? TimeLimit = null,
    IReadOnlyList<string>? Keys = null
)
{
    public bool IsWhole => Count is null && Tenant is null && Keys is null;
}
