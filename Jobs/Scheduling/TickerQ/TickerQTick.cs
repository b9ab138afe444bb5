using Microsoft.Extensions.DependencyInjection;
using TickerQ.Utilities.Base;

namespace Overnight.Jobs.Scheduling;

/// <summary>TickerQ's job, every minute in UTC: it decides nothing and stores nothing.</summary>
/// <remarks>Public, since TickerQ's generated code creates it, in a scope per tick.</remarks>
public sealed class TickerQTick(IServiceProvider services)
{
    [TickerFunction("tick", "0 * * * * *")]
    public async Task TickAsync(TickerFunctionContext context, CancellationToken ct) =>
        await services.GetRequiredService<ScheduleTick>().RunAsync(ct);
}
