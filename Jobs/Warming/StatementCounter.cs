using System.Diagnostics.Metrics;

namespace Overnight.Jobs.Warming;

/// <summary>
/// The statements that this process sends to PostgreSQL, as Npgsql's own metric counts them: a batch is one, and the begin and the end of a
/// transaction are none.
/// </summary>
internal sealed class StatementCounter : IDisposable
{
    private const string Source = "Npgsql",
        Duration = "db.client.operation.duration";

    private readonly MeterListener _listener = new();
    private long _count;

    public StatementCounter()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == Source && instrument.Name == Duration)
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _count));
        _listener.Start();
    }

    /// <summary>Since it was made.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
