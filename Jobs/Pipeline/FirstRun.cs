using Microsoft.Extensions.Options;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Pipeline;

/// <summary>Starts a run of every market with users when the database has never had a run.</summary>
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
