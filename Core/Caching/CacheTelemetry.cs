using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Overnight.Core.Caching;

/// <summary>The kind of entries that a figure is about, used as an attribute of metrics.</summary>
public enum CacheSet
{
    Results,
    Sessions,
    Flags,
    Reference,
}

/// <summary>How a read of the cache ended.</summary>
public enum CacheOutcome
{
    /// <summary>Answered from this node's memory.</summary>
    MemoryHit,
    Hit,
    Miss,

    /// <summary>The entry had another shape, belonged to another key, or was broken; the read is a miss.</summary>
    Damaged,

    /// <summary>The entry had a generation that an invalidation had ended; the read is a miss.</summary>
    Outdated,
    Error,

    /// <summary>The cache was not asked, because the circuit was open.</summary>
    Bypassed,
}

/// <summary>How a repair of a user's entries ended.</summary>
public enum RepairOutcome
{
    Written,

    /// <summary>The user has no current result any more.</summary>
    Gone,
    Failed,

    /// <summary>The repair was not tried, because the queue was full or the circuit open.</summary>
    Dropped,
}

/// <summary>The names of the source, meter and instruments of <c>Overnight.Caching</c>, and the methods that record on them.</summary>
public sealed class CacheTelemetry
{
    public const string Name = "Overnight.Caching";

    public static readonly ActivitySource Source = new(Name);

    private static readonly string[] Sets = ["results", "sessions", "flags", "reference"];
    private static readonly string[] Outcomes = ["memory_hit", "hit", "miss", "damaged", "outdated", "error", "bypassed"];
    private static readonly string[] RepairOutcomes = ["written", "gone", "failed", "dropped"];

    private readonly Counter<long> _stale;
    private readonly Counter<long> _repairs;
    private readonly Counter<long> _circuit;
    private readonly Counter<long> _large;

    public CacheTelemetry(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(Name);
        meter.CreateObservableCounter("overnight.cache.reads", ReadsSoFar, "{key}", "Reads of the cache by set and outcome.");
        _stale = meter.CreateCounter<long>(
            "overnight.cache.stale_answers",
            "{key}",
            "Reads answered with the last known value because neither the cache nor PostgreSQL answered, by set."
        );
        _repairs = meter.CreateCounter<long>("overnight.cache.repairs", "{user}", "Entries written back after a miss, by outcome.");
        _circuit = meter.CreateCounter<long>(
            "overnight.cache.circuit_changes",
            "{change}",
            "Times the circuit to the cache opened or closed."
        );
        _large = meter.CreateCounter<long>("overnight.cache.large_entries", "{key}", "Entries over 1 MiB that were written.");
    }

    /// <summary>The counts of this process, kept also when no metrics are collected.</summary>
    public CacheStatistics Statistics { get; } = new();

    public void Read(CacheSet set, CacheOutcome outcome)
    {
        Statistics.Read(set, outcome);
        if (set == CacheSet.Sessions && Activity.Current is { Recorded: true } request)
            request.SetTag("overnight.session.outcome", Outcomes[(int)outcome]);
    }

    private IEnumerable<Measurement<long>> ReadsSoFar()
    {
        var figures = Statistics.Take();
        return from set in Enum.GetValues<CacheSet>()
            from outcome in Enum.GetValues<CacheOutcome>()
            let count = figures.Count(outcome, set)
            where count > 0
            select new Measurement<long>(count, new("set", Sets[(int)set]), new("outcome", Outcomes[(int)outcome]));
    }

    public void Stale(CacheSet set) => _stale.Add(1, new KeyValuePair<string, object?>("set", Sets[(int)set]));

    public void Repaired(RepairOutcome outcome)
    {
        if (_repairs.Enabled)
            _repairs.Add(1, new KeyValuePair<string, object?>("outcome", RepairOutcomes[(int)outcome]));
    }

    /// <summary>
    /// Tags the span of the current request with whether the cache or PostgreSQL answered it. Where the request is not recorded this
    /// costs one check.
    /// </summary>
    public static void Answered(bool fromCache)
    {
        if (Activity.Current is { Recorded: true } request)
            request.SetTag("overnight.cache.outcome", fromCache ? "hit" : "fallback");
    }

    public void Large() => _large.Add(1);

    public void CircuitChanged(bool open) => _circuit.Add(1, new KeyValuePair<string, object?>("state", open ? "open" : "closed"));
}
