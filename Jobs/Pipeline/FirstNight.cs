using Microsoft.Extensions.Options;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Pipeline;

/// <summary>A database that has never seen a run gets one at the first start; when a night is done, a newcomer is told how to look at it.</summary>
internal sealed class FirstNight(RunStore runs, MarketCatalog markets, IOptions<ScheduleOptions> schedule, IWelcome? welcome = null)
{
    private bool _announced;

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

    /// <summary>Once per start of the host, and only when there are results to look at.</summary>
    public async Task AnnounceAsync(CancellationToken ct)
    {
        if (_announced || welcome is null || await runs.FindUnfinishedAsync(ct) is not null)
            return;
        _announced = true;
        await welcome.SayAsync(ct);
    }
}

/// <summary>Tells a newcomer where the result of the night is to be seen; there only in Development.</summary>
internal interface IWelcome
{
    Task SayAsync(CancellationToken ct);
}
