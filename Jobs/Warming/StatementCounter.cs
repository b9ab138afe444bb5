using System.Diagnostics.Metrics;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Counts the statements that this process sends to PostgreSQL, from Npgsql's metric: a batch counts one; begin and commit of a transaction
/// are not counted.
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

    /// <summary>Number of statements since this counter was created.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Dispose() => _listener.Dispose();
}
