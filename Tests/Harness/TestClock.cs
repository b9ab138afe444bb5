using Microsoft.Extensions.Time.Testing;

namespace Overnight.Tests.Harness;

/// <summary>A clock that stands until a test turns it, from a day for which the tests' data is made.</summary>
public sealed class TestClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _timers;

    public TestClock()
        : this(new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero)) { }

    /// <summary>How many timers were made, so that a test can tell that a loop has come to its wait.</summary>
    public int Timers => Volatile.Read(ref _timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Interlocked.Increment(ref _timers);
        return timer;
    }
}
