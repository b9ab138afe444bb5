using Microsoft.Extensions.Options;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Pipeline;

/// <summary>A database that has never seen a run gets one at the first start.</summary>
internal sealed class FirstRun(RunStore runs, MarketCatalog markets, IOptions<ScheduleOptions> schedule)
{
    public async Task StartAsync(CancellationToken ct)
    {
        if (!schedule.Value.RunAtFirstStart || await runs.AnyAsync(ct))
            return;
        foreach (var market in markets.All)
        {
            if (await runs.HasUsersAsync(market.Code, ct))
                await runs.StartOrJoinAsync(market.Code, null, RunTrigger.FirstStart, again: false, ct);
        }
    }
}
