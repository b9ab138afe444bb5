using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Scheduling;

/// <summary>
/// What to run and when. A scheduler of any make rings every minute and this asks the calendars what is due: the night of
/// every market with users whose ring has passed and which has not opened yet. So a ring that nobody heard, because
/// everything was down or the database was away, is caught up while it is still of use. The run row decides that each
/// night happens once, so that a double, lost or late ring is harmless.
/// </summary>
internal sealed partial class NightSchedule(RunStore runs, MarketCatalog markets, TimeProvider time, ILogger<NightSchedule> logger)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    // Nights that this process has seen begin; only to spare the database a question every minute until the open.
    private readonly ConcurrentDictionary<string, DateOnly> _begun = new();

    /// <summary>Starts, or joins, every night that is due.</summary>
    public async Task RingAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var market in markets.All)
        {
            if (market.DueAt(now) is not { } day || (_begun.TryGetValue(market.Code, out var begun) && begun == day.Date))
                continue;
            try
            {
                if (await BeginAsync(day, ct))
                    _begun[market.Code] = day.Date;
            }
            catch (Exception exception) when (!ct.IsCancellationRequested)
            {
                // The night stays due: the next minute tries again, and the other markets are not kept waiting.
                Log.RingFailed(logger, market.Code, day.Date, exception);
            }
        }
    }

    private async Task<bool> BeginAsync(MarketDay day, CancellationToken ct)
    {
        if (!await runs.HasUsersAsync(day.Market, ct))
            return false;
        var trigger = day.RingUtc < _since ? RunTrigger.CatchUp : RunTrigger.Schedule;
        var (run, started) = await runs.StartOrJoinAsync(day.Market, day.Date, trigger, again: false, ct);
        if (started)
            Log.Started(logger, trigger.Name(), run.Id, run.Market, run.BusinessDate);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Information, "{Trigger} started run {RunId} of {Market} for {BusinessDate}.")]
        public static partial void Started(ILogger logger, string trigger, Guid runId, string market, DateOnly businessDate);

        [LoggerMessage(
            502,
            LogLevel.Error,
            "The night of {Market} for {BusinessDate} is due and could not be started; the next minute tries again."
        )]
        public static partial void RingFailed(ILogger logger, string market, DateOnly businessDate, Exception exception);
    }
}
