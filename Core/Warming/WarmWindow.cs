namespace Overnight.Core.Warming;

/// <summary>
/// How many commands a warm has on the wire at once. It grows while the cache server answers others as fast as ever, and
/// halves when they have to wait, so that live reads come first.
/// </summary>
/// <param name="least">Never fewer, so that a warm ends at last.</param>
/// <param name="most">Never more; beyond, more of them only wait.</param>
public sealed class WarmWindow(int least, int most)
{
    /// <summary>Below this a server is never called slow: it is what a scheduler may take.</summary>
    private static readonly TimeSpan Unremarkable = TimeSpan.FromMilliseconds(1);

    /// <summary>No rest is longer, or a warm would not end in time.</summary>
    private static readonly TimeSpan LongestRest = TimeSpan.FromMilliseconds(250);

    /// <summary>How many times its best answer a server may take.</summary>
    private const int Tolerance = 3;

    private readonly Lock _lock = new();
    private double _best = double.MaxValue;

    public int Most { get; } = most;

    public int Size { get; private set; } = Math.Clamp(64, least, most);

    /// <summary>Whether others had to wait the last time.</summary>
    public bool IsSlow { get; private set; }

    /// <summary>How long to rest after work: as long again while others have to wait, so that they have half of the time; else not at all.</summary>
    public TimeSpan RestAfter(TimeSpan worked) => !IsSlow ? TimeSpan.Zero : worked < LongestRest ? worked : LongestRest;

    /// <param name="latency">Of a command on a connection of its own, asked while the window was on the wire.</param>
    public void Observe(TimeSpan latency)
    {
        lock (_lock)
        {
            // The best is forgotten slowly: a server that was moved, or is shared now, is not held to it for ever.
            _best = Math.Min(latency.TotalSeconds, _best * 1.02);
            IsSlow = latency.TotalSeconds > Math.Max(Unremarkable.TotalSeconds, _best * Tolerance);
            Size = IsSlow ? Math.Max(least, Size / 2) : Math.Min(Most, Size + Size / 4 + 1);
        }
    }
}
