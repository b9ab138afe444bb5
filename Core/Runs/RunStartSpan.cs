using System.Diagnostics;

namespace Overnight.Core.Runs;

/// <summary>
/// The span under which a whole night is told, in whichever process it began: its id is on the run's row, and everything that
/// any replica does for the run is below it. What a person asked for is told also when it joined a run or failed; a trigger that
/// comes by itself is told only when it started one, for it comes in every replica.
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
        // Statements would be told before it is known whether this is.
        if (_isAutomatic)
            Activity.Current = above;
    }

    /// <summary>Null when nobody listens, and then the night is told by nobody either.</summary>
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
