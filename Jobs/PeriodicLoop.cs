using Microsoft.Extensions.Hosting;

namespace Overnight.Jobs;

/// <summary>Repeats its work at an interval until the host stops.</summary>
internal abstract class PeriodicLoop(TimeSpan interval, TimeProvider time) : BackgroundService
{
    protected TimeProvider Time => time;

    /// <summary>Does the work once. What fails is logged, and tried again by the next tick: an exception would end the process.</summary>
    protected internal abstract Task TickAsync(CancellationToken ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TickAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}
