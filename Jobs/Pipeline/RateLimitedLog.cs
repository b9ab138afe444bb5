using System.Diagnostics;

namespace Overnight.Jobs.Pipeline;

/// <summary>Lets one of many equal messages through: at most one in ten seconds.</summary>
internal sealed class RateLimitedLog
{
    private static readonly long Interval = Stopwatch.Frequency * 10;
    private long _next;

    public bool ShouldLog()
    {
        var (now, next) = (Stopwatch.GetTimestamp(), Volatile.Read(ref _next));
        return now >= next && Interlocked.CompareExchange(ref _next, now + Interval, next) == next;
    }
}
