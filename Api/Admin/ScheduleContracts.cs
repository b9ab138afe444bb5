using Overnight.Api.Audit;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>What the schedule does next, and where it is paused.</summary>
internal sealed record ScheduleAnswer(IReadOnlyList<MarketSchedule> Markets, IReadOnlyList<SetSchedule> Sets);

/// <param name="Next">The next night; null when none is due within a year.</param>
/// <param name="Latest">The latest scheduled night against its deadline; null before the first.</param>
internal sealed record MarketSchedule(string Market, string Name, NextNight? Next, LatestNight? Latest, PauseItem? Pause);

/// <param name="IsDeadlineMoved">Whether the usual deadline does not lie between trigger and open.</param>
internal sealed record NextNight(
    DateOnly BusinessDate,
    DateTimeOffset DueAt,
    DateTimeOffset DeadlineAt,
    DateTimeOffset OpenAt,
    bool IsDeadlineMoved
)
{
    public static NextNight? From(MarketDay? day) =>
        day is null ? null : new(day.Date, day.DueUtc!.Value, day.DeadlineUtc!.Value, day.OpenUtc!.Value, day.IsDeadlineMoved);
}

internal sealed record LatestNight(DateOnly BusinessDate, Guid? RunId, NightItem Night)
{
    public static LatestNight? From(ScheduledNight? night) =>
        night is null ? null : new(night.BusinessDate, night.RunId, NightItem.From(night));
}

/// <param name="NextAt">When the schedule warms it next; null when it never does, or before its first warm.</param>
/// <param name="WarmedAt">When its latest warm was completed.</param>
internal sealed record SetSchedule(
    string Set,
    DateTimeOffset? NextAt,
    DateTimeOffset? DeadlineAt,
    DateTimeOffset? WarmedAt,
    PauseItem? Pause
)
{
    public static SetSchedule From(WarmDeclaration set, WarmProgress? progress, SchedulePause? pause)
    {
        var next = progress is null || !set.IsAutomatic ? null : DueWarmSets.Next(set, progress);
        return new(set.Name, next, next is { } due ? WarmDeadlines.Deadline(set, due) : null, progress?.CompletedAt, PauseItem.From(pause));
    }
}

/// <param name="By">admin, admin-key or command; the action log has the person.</param>
internal sealed record PauseItem(string Reason, DateTimeOffset PausedAt, DateTimeOffset? Until, string By)
{
    public static PauseItem? From(SchedulePause? pause) =>
        pause is null ? null : new(pause.Reason, pause.PausedAt, pause.Until, pause.Actor);
}

/// <param name="Note">What the pause leads to; null for a market.</param>
internal sealed record PauseAnswer(string Kind, string Name, PauseItem? Pause, string? Note);

/// <param name="WasPaused">False when there was nothing to resume.</param>
internal sealed record ResumeAnswer(string Kind, string Name, bool WasPaused);
