using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;

namespace Overnight.Jobs.Scheduling;

/// <summary>
/// Starts the runs that are due. Every minute it asks the calendars: due is the night of every market with users whose time has come and
/// which has not opened yet. So a night that was missed, because everything was down or the database was away, is caught up while it is
/// still of use. The run's row ensures that each night runs once, so that a double, lost or late tick is harmless.
/// </summary>
internal sealed partial class DueRunStarter(
    RunStore runs,
    SchedulePauses pauses,
    MarketCatalog markets,
    DatabaseState database,
    TimeProvider time,
    ILogger<DueRunStarter> logger
)
{
    private readonly DateTimeOffset _since = time.GetUtcNow();

    // The latest night of each market that has a run, so that the database is not asked every minute until the open.
    private readonly ConcurrentDictionary<string, DateOnly> _begun = new();

    // The last business date of each market whose failed start was logged, so that it is logged once and not every minute.
    private readonly ConcurrentDictionary<string, DateOnly> _failed = new();

    // The last business date of each market that was not started because of a pause, so that it is logged once.
    private readonly ConcurrentDictionary<string, DateOnly> _paused = new();

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
            if (await BeginAsync(day, now, ct))
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
    private async Task<bool> BeginAsync(MarketDay day, DateTimeOffset now, CancellationToken ct)
    {
        var due = day.DueUtc!.Value;
        var history = await pauses.ReadAsync(due, ct);
        if (history.At(ScheduleKind.Market, day.Market, now) is { } pause)
        {
            TellPaused(pause, day.Date);
            return false;
        }
        if (!await runs.HasUsersAsync(day.Market, ct))
            return false;
        if (await runs.HasRunAsync(day.Market, day.Date, ct))
            return true;
        // A night whose due time lay in a pause counts as caught up, as one does that was due before this process started.
        var isLate = due < _since || history.At(ScheduleKind.Market, day.Market, due) is not null;
        var trigger = isLate ? RunTrigger.CatchUp : RunTrigger.Schedule;
        var (run, started) = await runs.StartOrJoinAsync(day.Market, day.Date, trigger, again: false, ct);
        if (started)
            Log.Started(logger, trigger.Name(), run.Id, run.Market, IsoDate.Of(run.BusinessDate));
        return true;
    }

    private void TellPaused(SchedulePause pause, DateOnly date)
    {
        if (_paused.TryGetValue(pause.Name, out var told) && told == date)
            return;
        _paused[pause.Name] = date;
        Log.Paused(logger, pause.Name, IsoDate.Of(date), pause.Reason);
    }

    private static partial class Log
    {
        [LoggerMessage(501, LogLevel.Information, "{Trigger} started run {RunId} of {Market} for {BusinessDate}.")]
        public static partial void Started(ILogger logger, string trigger, Guid runId, string market, string businessDate);

        [LoggerMessage(
            506,
            LogLevel.Information,
            "The night of {Market} for {BusinessDate} is due and is not started, because the schedule is paused: {Reason}"
        )]
        public static partial void Paused(ILogger logger, string market, string businessDate, string reason);

        [LoggerMessage(
            502,
            LogLevel.Error,
            "The night of {Market} for {BusinessDate} is due and could not be started; every minute tries again.",
            EventName = "RingFailed"
        )]
        public static partial void TickFailed(ILogger logger, string market, string businessDate, Exception? exception);
    }
}
