namespace Overnight.Jobs.Rehearsals;

/// <summary>A clock that is set to one night after the other and goes on from there, so that what a night takes is measured.</summary>
internal sealed class SimulatedClock(TimeProvider real) : TimeProvider
{
    private long _shift;

    /// <summary>From the real time to this one.</summary>
    public TimeSpan Shift => TimeSpan.FromTicks(Volatile.Read(ref _shift));

    public override long TimestampFrequency => real.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => real.GetUtcNow() + Shift;

    public override long GetTimestamp() => real.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        real.CreateTimer(callback, state, dueTime, period);

    /// <summary>Sets the clock; it never goes back.</summary>
    public void Reach(DateTimeOffset moment)
    {
        var ahead = moment - GetUtcNow();
        if (ahead > TimeSpan.Zero)
            Interlocked.Add(ref _shift, ahead.Ticks);
    }

    /// <summary>Sets the clock to its start, before any night.</summary>
    public void Begin(DateTimeOffset moment) => Volatile.Write(ref _shift, (moment - real.GetUtcNow()).Ticks);
}
