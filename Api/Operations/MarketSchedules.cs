using Microsoft.EntityFrameworkCore;
using Overnight.Api.Admin;
using Overnight.Api.Audit;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;
using Overnight.Core.Schedules;

namespace Overnight.Api.Operations;

/// <summary>When a market's nights are due, its last run, and whether its schedule is paused.</summary>
/// <param name="Due">The rule for the time at which its nights are due.</param>
/// <param name="Current">The night whose time has come and whose market has not opened; null when there is none.</param>
/// <param name="Next">The first night that is not due yet; null when there is none within a year.</param>
/// <param name="NoNightToday">Why no night prepares today's open; null where one does.</param>
/// <param name="Latest">The latest scheduled night against its deadline; null before the first.</param>
/// <param name="HasUsers">Whether any user is active in it; the schedule starts no run without one.</param>
internal sealed record MarketSchedule(
    string Market,
    string Name,
    string TimeZone,
    string Due,
    bool HasUsers,
    MarketNight? Current,
    MarketNight? Next,
    string? NoNightToday,
    RunItem? LastRun,
    LatestNight? Latest,
    PauseItem? Pause
);

/// <param name="DeadlineAt">When it must be done.</param>
/// <param name="IsDeadlineMoved">Whether the usual deadline does not lie between trigger and open.</param>
/// <param name="Day">open, early-close or late-open.</param>
/// <param name="Reason">Why the day differs from others; null for an ordinary trading day.</param>
internal sealed record MarketNight(
    DateOnly BusinessDate,
    DateTimeOffset DueAt,
    DateTimeOffset DeadlineAt,
    DateTimeOffset OpenAt,
    DateTimeOffset CloseAt,
    bool IsDeadlineMoved,
    string Day,
    string? Reason
)
{
    public static MarketNight? Of(MarketDay? day) =>
        day is { DueUtc: { } due, DeadlineUtc: { } deadline, OpenUtc: { } open, CloseUtc: { } close }
            ? new(day.Date, due, deadline, open, close, day.IsDeadlineMoved, day.Status.Name(), day.Reason)
            : null;
}

/// <summary>Tonight and the next night of every market, from the calendars and the runs.</summary>
internal sealed class MarketSchedules(MarketCatalog markets, RunStore runs, TimeProvider time)
{
    public async Task<IReadOnlyList<MarketSchedule>> ReadAsync(OvernightContext database, PauseHistory paused, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var latest = await database
            .Nights.AsNoTracking()
            .Where(night =>
                night.BusinessDate == database.Nights.Where(other => other.Market == night.Market).Max(other => other.BusinessDate)
            )
            .ToDictionaryAsync(night => night.Market, ct);
        List<MarketSchedule> schedules = [];
        foreach (var market in markets.All)
        {
            // One by one, by the index of a market's runs; there are few markets.
            var last = await database
                .Runs.AsNoTracking()
                .Where(run => run.JobType == "scoring" && run.Market == market.Code)
                .OrderByDescending(run => run.Number)
                .FirstOrDefaultAsync(ct);
            var today = market.Day(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, market.Zone).DateTime));
            schedules.Add(
                new(
                    market.Code,
                    market.Name,
                    market.Zone.Id,
                    market.Due,
                    await runs.HasUsersAsync(market.Code, ct),
                    MarketNight.Of(market.DueAt(now)),
                    MarketNight.Of(market.NextNight(now)),
                    today.WhyNoNight,
                    last is null ? null : RunItem.From(last),
                    LatestNight.From(latest.GetValueOrDefault(market.Code)),
                    PauseItem.From(paused.At(ScheduleKind.Market, market.Code, now))
                )
            );
        }
        return schedules;
    }
}
