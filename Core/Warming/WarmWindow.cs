namespace Overnight.Core.Warming;

/// <summary>
/// How many commands a warm has on the wire at once. It grows while the cache server answers others as fast as ever, and
/// halves when they have to wait, so that live reads come first.
/// </summary>
/// <param name="least">As few as it shrinks to, if that is not more than the most.</param>
/// <param name="most">Never more; beyond, more of them only wait.</param>
public sealed class WarmWindow(int least, int most)
{
    /// <summary>Below this a server is never called slow: it is what a scheduler may take.</summary>
    private static readonly TimeSpan Unremarkable = TimeSpan.FromMilliseconds(1);

    /// <summary>How many times its best answer a server may take.</summary>
    private const int Tolerance = 3;

    /// <summary>Slow windows in a row that are no accident, such as a collector's pause.</summary>
    private const int Convincing = 2;

    /// <summary>Windows after which it is tried whether they still have to: some seconds of a warm that gives way.</summary>
    private const int Patience = 500;

    private readonly Lock _lock = new();
    private double _best = double.MaxValue;
    private int _slowInARow,
        _sinceSlow = Patience;

    public int Most { get; } = most;

    /// <summary>Never fewer, so that a warm ends at last.</summary>
    public int Least { get; } = Math.Min(least, most);

    public int Size { get; private set; } = Math.Clamp(64, Math.Min(least, most), most);

    /// <summary>Whether others have to wait time and again for what is written.</summary>
    public bool OthersWait => _sinceSlow < Patience;

    /// <param name="latency">Of a command on a connection of its own, asked while the window was on the wire.</param>
    public void Observe(TimeSpan latency)
    {
        lock (_lock)
        {
            // The best is forgotten slowly: a server that was moved, or is shared now, is not held to it for ever.
            _best = Math.Min(latency.TotalSeconds, _best * 1.02);
            var isSlow = latency.TotalSeconds > Math.Max(Unremarkable.TotalSeconds, _best * Tolerance);
            _slowInARow = isSlow ? _slowInARow + 1 : 0;
            _sinceSlow = _slowInARow >= Convincing ? 0 : Math.Min(Patience, _sinceSlow + 1);
            Size = isSlow ? Math.Max(Least, Size / 2) : Math.Min(Most, Size + Size / 4 + 1);
        }
    }
}
