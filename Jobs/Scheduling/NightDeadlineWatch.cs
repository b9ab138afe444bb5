using Microsoft.Extensions.Logging;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;

namespace Overnight.Jobs.Scheduling;

/// <summary>Compares each night with its deadline once a minute, in every replica; one of them records each change.</summary>
internal sealed partial class NightDeadlineWatch(
    NightStore nights,
    RunStore runs,
    SchedulePauses pauses,
    MarketCatalog markets,
    DatabaseState database,
    TimeProvider time,
    ILogger<NightDeadlineWatch> logger
)
{
    /// <summary>Due times that passed while everything was down longer ago than this get no row.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(31);

    private string? _told;

    public async Task TickAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        try
        {
            var paused = await pauses.ReadAsync(now - Longest, ct);
            await AddDueAsync(paused, now, ct);
            foreach (var (night, work) in await nights.ReadOpenAsync(now, ct))
            {
                if (work is null && paused.IsWithdrawn(ScheduleKind.Market, night.Market, night.Times, night.Status, now))
                    await nights.WithdrawAsync(night, ct);
                else if (work is not null || paused.At(ScheduleKind.Market, night.Market, now) is null)
                    await CompareAsync(night, work, now, ct);
            }
            _told = null;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The next minute compares again, and adds what became due meanwhile. A repeated failure is logged once.
            if (!database.IsAway(exception) && _told != exception.Message)
                Log.Failed(logger, _told = exception.Message);
        }
    }

    private async Task AddDueAsync(PauseHistory paused, DateTimeOffset now, CancellationToken ct)
    {
        var marks = await nights.ReadMarksAsync(ct);
        foreach (var market in markets.All)
        {
            // The first tick only sets the mark, since earlier times were due before Overnight was installed.
            if (!marks.TryGetValue(market.Code, out var mark) || mark >= now)
                continue;
            var due = Due(market, paused, mark > now - Longest ? mark : now - Longest, now).ToList();
            if (due.Count == 0 || !await runs.HasUsersAsync(market.Code, ct))
                continue;
            foreach (var (day, at) in due)
                await nights.AddAsync(day, at, ct);
        }
        await nights.MarkAsync([.. markets.All.Select(market => market.Code)], now, ct);
    }

    /// <summary>The nights that became due since the latest tick, and the one that a pause held up until then.</summary>
    private static IEnumerable<(MarketDay Day, DateTimeOffset At)> Due(
        MarketCalendar market,
        PauseHistory paused,
        DateTimeOffset mark,
        DateTimeOffset now
    )
    {
        foreach (var day in market.DueBetween(mark, now))
        {
            if (paused.At(ScheduleKind.Market, market.Code, day.DueUtc!.Value) is null)
                yield return (day, day.DueUtc.Value);
        }
        // A night that a pause held up gets a row when the pause ended before its deadline; one that is resumed later runs without a row.
        if (
            market.DueAt(now) is { } late
            && paused.Begins(ScheduleKind.Market, market.Code, late.DueUtc!.Value, now) is { } begins
            && begins != late.DueUtc
            && begins < late.DeadlineUtc
        )
            yield return (late, begins);
    }

    private async Task CompareAsync(Night night, DeadlineWork? work, DateTimeOffset now, CancellationToken ct)
    {
        var (before, after) = (night.Status, DeadlineRules.Next(night.Times, night.Status, work, now));
        if (after.Margin(night.Times) is { } margin)
            Telemetry.Margin(night.Market, margin);
        if (!await nights.TryWriteAsync(night, after, ct))
            return;
        var date = IsoDate.Of(night.BusinessDate);
        var forecast = after.ForecastAt is { } at ? $"{at:yyyy-MM-dd HH:mm:ss}Z" : "not known";
        var deadline = $"{night.Times.DeadlineAt:yyyy-MM-dd HH:mm}Z";
        if (DeadlineRules.IsTold(before, after))
            Log.Troubled(logger, night.Market, date, after.State.Name(), deadline, forecast);
        if (DeadlineRules.IsRecovered(before, after))
            Log.Recovered(logger, night.Market, date, deadline, forecast);
    }

    private static partial class Log
    {
        [LoggerMessage(
            503,
            LogLevel.Warning,
            "The night of {Market} for {BusinessDate} is {State}: deadline {Deadline}, forecast {Forecast}."
        )]
        public static partial void Troubled(
            ILogger logger,
            string market,
            string businessDate,
            string state,
            string deadline,
            string forecast
        );

        [LoggerMessage(
            504,
            LogLevel.Information,
            "The night of {Market} for {BusinessDate} has recovered: deadline {Deadline}, finished {Finished}."
        )]
        public static partial void Recovered(ILogger logger, string market, string businessDate, string deadline, string finished);

        [LoggerMessage(
            505,
            LogLevel.Error,
            "Nights could not be compared with their deadlines; every minute tries again. {Reason}",
            EventName = "NightWatchFailed"
        )]
        public static partial void Failed(ILogger logger, string reason);
    }
}
