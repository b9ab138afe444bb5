using System.Diagnostics;

namespace Overnight.Core.Runs;

/// <summary>
/// The root span of a run, in the process that started it. Its id is stored in the run's row, and the spans of all replicas that work on
/// the run are its descendants. A start that a person requested is always recorded; an automatic one only when it started the run, because
/// the trigger fires in every replica.
/// </summary>
internal sealed class RunStartSpan : IDisposable
{
    private static readonly ActivitySource Source = new("Overnight.Runs");

    private readonly Activity? _span;
    private readonly bool _isAutomatic;
    private bool _started;

    public RunStartSpan(string market, RunTrigger trigger)
        : this(market, trigger.Name(), trigger is RunTrigger.Schedule or RunTrigger.CatchUp or RunTrigger.FirstStart) { }

    public RunStartSpan(string market, string trigger, bool isAutomatic = false)
    {
        var above = Activity.Current;
        _span = Source
            .StartActivity("start-night", ActivityKind.Producer)
            ?.SetTag("overnight.market", market)
            .SetTag("overnight.trigger", trigger);
        _isAutomatic = isAutomatic;
        Id = (_span ?? above)?.Id;
        // Statements under an automatic span would be recorded before it is known whether the span itself is.
        if (_isAutomatic)
            Activity.Current = above;
    }

    /// <summary>Id of the span for the run's row; null when no one records traces.</summary>
    public string? Id { get; }

    public void Done(Guid run, bool started)
    {
        _started = started;
        _span?.SetTag("overnight.run", run).SetTag("overnight.started", started);
    }

    public void Failed(Exception exception) =>
        _span?.SetTag("error.type", exception.GetType().FullName).SetStatus(ActivityStatusCode.Error, exception.Message);

    public void Dispose()
    {
        if (_span is not null && _isAutomatic && !_started)
        {
            _span.IsAllDataRequested = false;
            _span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
        _span?.Dispose();
    }
}
