using Overnight.Api.Operations;
using Overnight.Core.Data;
using Overnight.Core.Schedules;
using Overnight.Core.Warming;

namespace Overnight.Api.Admin;

/// <summary>Reads what the schedules of markets and warm sets do next, and where they are paused.</summary>
internal sealed class ScheduleReader(
    MarketSchedules markets,
    Warmer warmer,
    WarmProgressStore progress,
    WarmDeadlines deadlines,
    SchedulePauses pauses,
    TimeProvider time
)
{
    public async Task<ScheduleAnswer> ReadAsync(OvernightContext database, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var paused = await pauses.ReadAsync(now, ct);
        var warmed = await progress.ReadAsync(ct);
        var latest = (await deadlines.ReadLatestAsync(ct)).ToDictionary(warm => warm.Set, StringComparer.Ordinal);
        return new(
            await markets.ReadAsync(database, paused, ct),
            [
                .. warmer.Sets.Select(set =>
                    SetSchedule.From(
                        set.Declaration,
                        warmed.GetValueOrDefault(set.Name),
                        paused.At(ScheduleKind.Set, set.Name, now),
                        latest.GetValueOrDefault(set.Name)
                    )
                ),
            ]
        );
    }
}
