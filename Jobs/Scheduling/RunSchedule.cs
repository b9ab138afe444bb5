using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Scheduling;

/// <summary>
/// Starts the runs that are due. Every minute it asks the calendars: due is the night of every market with users whose time has come and
/// which has not opened yet. So a night that was missed, because everything was down or the database was away, is caught up while it is
/// still of use. The run's row ensures that each night runs once, so that a double, lost or late tick is harmless.
/// </summary>
internal sealed partial class RunSchedule(
    RunStore runs,
    MarketCatalog markets,
    DatabaseState database,
    TimeProvider time,
    ILogger<RunSchedule> logger
)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    // The latest night of each market that has a run, so that the database is not asked every minute until the open.
    private readonly ConcurrentDictionary<string, DateOnly> _begun = new();

    // The last business date of each market whose failed start was logged, so that it is logged once and not every minute.
    private readonly ConcurrentDictionary<string, DateOnly> _failed = new();

    /// <summary>Starts a run for every night that is due. A market that fails is logged and does not hold up the others.</summary>
    public async Task TickAsync(CancellationToken ct)
    {
        foreach (var market in markets.All)
            await TickAsync(market, ct);
    }

    private async Task TickAsync(MarketCalendar market, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (market.DueAt(now) is not { } day || (_begun.TryGetValue(market.Code, out var begun) && begun == day.Date))
            return;
        try
        {
            if (await BeginAsync(day, ct))
                _begun[market.Code] = day.Date;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The night stays due, and the next minute tries again.
            Telemetry.TickFailed(market.Code, now, exception);
            Tell(market.Code, day.Date, exception);
        }
    }

    private void Tell(string market, DateOnly date, Exception exception)
    {
        var isAway = database.IsAway(exception);
        if (_failed.TryGetValue(market, out var told) && told == date)
            return;
        _failed[market] = date;
        Log.TickFailed(logger, market, IsoDate.Of(date), isAway ? null : exception);
    }

    /// <returns>Whether there is a run of the night.</returns>
    private async Task<bool> BeginAsync(MarketDay day, CancellationToken ct)
    {
        if (!await runs.HasUsersAsync(day.Market, ct))
            return false;
        if (await runs.HasRunAsync(day.Market, day.Date, ct))
            return true;
        var trigger = day.DueUtc < _since ? RunTrigger.CatchUp : RunTrigger.Schedule;
        var (run, started) = await runs.StartOrJoinAsync(day.Market, day.Date, trigger, again: false, ct);
        if (started)
            Log.Started(logger, trigger.Name(), run.Id, run.Market, IsoDate.Of(run.BusinessDate));
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Information, "{Trigger} started run {RunId} of {Market} for {BusinessDate}.")]
        public static partial void Started(ILogger logger, string trigger, Guid runId, string market, string businessDate);

        [LoggerMessage(
            502,
            LogLevel.Error,
            "The night of {Market} for {BusinessDate} is due and could not be started; every minute tries again.",
            EventName = "RingFailed"
        )]
        public static partial void TickFailed(ILogger logger, string market, string businessDate, Exception? exception);
    }
}
