using Overnight.Core.Deadlines;
using Overnight.Core.Notices;

namespace Overnight.Core.Warming;

/// <summary>What is told of a scheduled warm when its state changes.</summary>
internal static class WarmNotices
{
    public static IEnumerable<Notice> Of(ScheduledWarm warm, DeadlineStatus after, NoticeOutbox outbox)
    {
        if (DeadlineRules.IsTold(warm.Status, after))
        {
            yield return Notice(
                after.State switch
                {
                    // A warm has no forecast, so that it is at risk only when it broke.
                    DeadlineState.AtRisk => NoticeEvents.WarmFailed,
                    DeadlineState.Late => NoticeEvents.WarmLate,
                    _ => NoticeEvents.WarmMissed,
                },
                warm,
                after,
                outbox
            );
        }
        if (DeadlineRules.IsRecovered(warm.Status, after))
            yield return Notice(NoticeEvents.WarmRecovered, warm, after, outbox);
    }

    private static Notice Notice(string name, ScheduledWarm warm, DeadlineStatus after, NoticeOutbox outbox) =>
        new(
            name,
            $"warm/{warm.Set}/{warm.Times.DueAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}",
            new
            {
                warm.Set,
                State = after.State.Name(),
                DueAt = warm.Times.DueAt.UtcDateTime,
                DeadlineAt = warm.Times.DeadlineAt.UtcDateTime,
                FinishedAt = after.FinishedAt?.UtcDateTime,
                Links = new { Schedule = outbox.Link("/api/admin/schedule") },
            }
        );
}
