using Overnight.Jobs.Warming;

namespace Overnight.Jobs.Scheduling;

/// <summary>What every full minute does: starts what is due, then compares nights and warms with their deadlines.</summary>
internal sealed class ScheduleTick(DueRunStarter schedule, NightDeadlineWatch nights, WarmDeadlineWatch warms)
{
    public async Task RunAsync(CancellationToken ct)
    {
        await schedule.TickAsync(ct);
        await nights.TickAsync(ct);
        await warms.TickAsync(ct);
    }
}
