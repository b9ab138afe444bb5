using System.Diagnostics;
using System.Diagnostics.Metrics;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>Metrics and spans of warms, in <c>Overnight.Caching</c>: by set, trigger and outcome.</summary>
public sealed class WarmTelemetry
{
    private readonly Counter<long> _entries;
    private readonly Histogram<double> _duration;

    public WarmTelemetry(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(CacheTelemetry.Name);
        _entries = meter.CreateCounter<long>(
            "overnight.warm.entries",
            "{key}",
            "Entries of warm sets, by set, trigger and outcome (written, failed)."
        );
        _duration = meter.CreateHistogram<double>("overnight.warm.duration", "s", "Time a set took to warm, by set, trigger and outcome.");
    }

    public static Activity? StartWarm(WarmTrigger trigger) =>
        CacheTelemetry.Source.StartActivity("cache.warm")?.SetTag("overnight.warm.trigger", trigger.Name());

    public static Activity? StartSet(string set, WarmTrigger trigger) =>
        CacheTelemetry
            .Source.StartActivity("cache.warm.set")
            ?.SetTag("overnight.warm.set", set)
            .SetTag("overnight.warm.trigger", trigger.Name());

    public void Wrote(string set, WarmTrigger trigger, WarmStep step)
    {
        if (step.Warmed > 0)
            _entries.Add(step.Warmed, new("set", set), new("trigger", trigger.Name()), new("outcome", "written"));
        if (step.Failed > 0)
            _entries.Add(step.Failed, new("set", set), new("trigger", trigger.Name()), new("outcome", "failed"));
    }

    public void Ended(WarmTrigger trigger, WarmOutcome outcome, Activity? span)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        _duration.Record(
            outcome.Duration.TotalSeconds,
            new("set", outcome.Set),
            new("trigger", trigger.Name()),
            new("outcome", outcome.StatusName)
        );
        span?.SetTag("overnight.warm.entries", outcome.Warmed)
            .SetTag("overnight.warm.failed", outcome.Failed)
            .SetTag("overnight.warm.outcome", outcome.StatusName);
        if (outcome.Error is not null)
            span?.SetStatus(ActivityStatusCode.Error, outcome.Error);
    }
}
