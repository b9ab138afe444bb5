using Overnight.Core.Deadlines;
using Overnight.Core.Notices;

namespace Overnight.Core.Runs;

/// <summary>What is told of a night when its state changes.</summary>
internal static class NightNotices
{
    public static IEnumerable<Notice> Of(Night night, DeadlineStatus after, NoticeOutbox outbox)
    {
        if (DeadlineRules.IsTold(night.Status, after))
        {
            yield return Notice(
                after.State switch
                {
                    DeadlineState.AtRisk => NoticeEvents.NightAtRisk,
                    DeadlineState.Late => NoticeEvents.NightLate,
                    _ => NoticeEvents.NightMissed,
                },
                night,
                after,
                outbox
            );
        }
        if (DeadlineRules.IsRecovered(night.Status, after))
            yield return Notice(NoticeEvents.NightRecovered, night, after, outbox);
    }

    private static Notice Notice(string name, Night night, DeadlineStatus after, NoticeOutbox outbox) =>
        new(
            name,
            $"night/{night.Market}/{night.BusinessDate:yyyy-MM-dd}",
            new
            {
                night.Market,
                night.BusinessDate,
                State = after.State.Name(),
                DueAt = night.Times.DueAt.UtcDateTime,
                DeadlineAt = night.Times.DeadlineAt.UtcDateTime,
                ForecastAt = after.ForecastAt?.UtcDateTime,
                FinishedAt = after.FinishedAt?.UtcDateTime,
                Links = new
                {
                    Run = after.RunId is { } run ? outbox.Link($"/api/runs/{run:D}") : null,
                    Schedule = outbox.Link("/api/admin/schedule"),
                },
            }
        );
}
