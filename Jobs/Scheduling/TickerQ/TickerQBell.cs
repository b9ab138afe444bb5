using Microsoft.Extensions.DependencyInjection;
using TickerQ.DependencyInjection;
using TickerQ.Utilities.Base;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ as a bell: in memory, in UTC, every minute. It decides nothing and stores nothing.</summary>
public sealed class TickerQBell(IServiceProvider services)
{
    [TickerFunction("bell", "0 * * * * *")]
    public async Task RingAsync(TickerFunctionContext context, CancellationToken ct) =>
        await services.GetRequiredService<NightSchedule>().RingAsync(ct);
}

internal static class Bell
{
    public static IServiceCollection AddBell(this IServiceCollection services) => services.AddTickerQ(options => options.ConfigureScheduler(scheduler =>
    {
        scheduler.SchedulerTimeZone = TimeZoneInfo.Utc;
        // Unique per process: TickerQ gives the jobs of a node id back to whoever starts with it.
        scheduler.NodeIdentifier = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    }));
}
