using Microsoft.Extensions.Hosting;

namespace Overnight.Jobs.Scheduling;

/// <summary>Ticks at each full minute of UTC; the calendars convert to time zones.</summary>
internal sealed class ScheduleLoop : BackgroundService
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ScheduleTick _tick;
    private readonly TimeProvider _time;
    private readonly PeriodicTimer _timer;

    public ScheduleLoop(ScheduleTick tick, TimeProvider time)
    {
        (_tick, _time) = (tick, time);
        _timer = new(UntilNextMinute(), time);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await _timer.WaitForNextTickAsync(stoppingToken))
            {
                // Measured each time, so that a tick that took long, or a clock that was set, does not shift the following ones.
                _timer.Period = UntilNextMinute();
                await _tick.RunAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    public override void Dispose()
    {
        _timer.Dispose();
        base.Dispose();
    }

    /// <summary>Rounded up to a whole millisecond, since a timer's period must not be 0.</summary>
    private TimeSpan UntilNextMinute()
    {
        var left = Minute.Ticks - _time.GetUtcNow().Ticks % Minute.Ticks;
        return TimeSpan.FromMilliseconds(Math.Ceiling((double)left / TimeSpan.TicksPerMillisecond));
    }
}
