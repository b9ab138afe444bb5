using Overnight.Api.Audit;
using Overnight.Api.Operations;
using Overnight.Core.Data;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>What the schedule does next, and where it is paused.</summary>
internal sealed record ScheduleAnswer(IReadOnlyList<MarketSchedule> Markets, IReadOnlyList<SetSchedule> Sets);

internal sealed record LatestNight(DateOnly BusinessDate, Guid? RunId, DeadlineItem Night)
{
    public static LatestNight? From(ScheduledNight? night) =>
        night is null ? null : new(night.BusinessDate, night.RunId, DeadlineItem.From(night));
}

/// <param name="NextAt">When the schedule warms it next; null when it never does, or before its first warm.</param>
/// <param name="DeadlineAt">When that is to be finished.</param>
/// <param name="WarmedAt">When its latest warm was completed.</param>
/// <param name="Latest">The latest scheduled warm against its deadline; null before the first.</param>
internal sealed record SetSchedule(
    string Set,
    DateTimeOffset? NextAt,
    DateTimeOffset? DeadlineAt,
    DateTimeOffset? WarmedAt,
    PauseItem? Pause,
    DeadlineItem? Latest
)
{
    public static SetSchedule From(WarmDeclaration set, WarmProgress? progress, SchedulePause? pause, ScheduledWarm? latest = null)
    {
        var next = progress is null || !set.IsAutomatic ? null : DueWarmSets.Next(set, progress);
        return new(
            set.Name,
            next,
            next is { } due ? WarmDeadlines.Deadline(set, due) : null,
            progress?.CompletedAt,
            PauseItem.From(pause),
            latest is null ? null : DeadlineItem.From(latest)
        );
    }

    /// <summary>When it is warmed next: what is due during a pause at its end, null where that is open.</summary>
    public DateTimeOffset? Starts() =>
        (NextAt, Pause) switch
        {
            ({ } next, { Until: { } until }) => until > next ? until : next,
            (_, { Until: null }) => null,
            _ => NextAt,
        };
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
