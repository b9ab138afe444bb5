using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Schedules;

namespace Overnight.Core.Warming;

/// <summary>
/// Finds the sets that are to be warmed now, and why. It decides from stored progress, not from events, so that a missed or broken warm is
/// found by the next check, in any process.
/// </summary>
public sealed class DueWarmSets(
    Warmer warmer,
    CacheInstanceMarker marker,
    WarmProgressStore progress,
    SchedulePauses pauses,
    IOptions<WarmingOptions> options,
    TimeProvider time
)
{
    /// <summary>The longest pause between tries of a set that makes no progress.</summary>
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromHours(1);

    /// <param name="started">When the service started, at its first check; null later.</param>
    /// <exception cref="CacheAwayException">The cache can't be reached, so nothing can be warmed.</exception>
    public async Task<IReadOnlyList<(WarmTrigger Trigger, WarmSet Set)>> FindAsync(DateTimeOffset? started, CancellationToken ct)
    {
        var server = await marker.FindAsync();
        var rows = await progress.ReadAsync(ct);
        var paused = await pauses.ReadAsync(ct);
        var now = time.GetUtcNow();
        List<(WarmTrigger, WarmSet)> due = [];
        foreach (var set in warmer.Sets.Where(set => set.Declaration.IsAutomatic))
        {
            if (Trigger(set.Declaration, rows.GetValueOrDefault(set.Name), server, started, now) is not { } trigger)
                continue;
            // A pause holds up what the schedule starts; a cold start or a deployment goes on.
            if (trigger != WarmTrigger.Schedule || paused.At(ScheduleKind.Set, set.Name, now) is null)
                due.Add((trigger, set));
        }
        return due;
    }

    /// <summary>When the schedule warms the set again; null when it never does.</summary>
    public static DateTimeOffset? Next(WarmDeclaration set, WarmProgress progress)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(progress);
        // Counted from the start of the last warm, because the entries that were written first expire first.
        return set.Interval > TimeSpan.Zero ? progress.StartedAt + set.Interval : null;
    }

    /// <summary>How long the set has been stuck, so that pauses double. A start waits less: it may have fixed the cause.</summary>
    private TimeSpan Pause(WarmProgress row, bool isStart)
    {
        var stuck = row.StuckSince is { } since && !isStart ? row.UpdatedAt - since : TimeSpan.Zero;
        return TimeSpan.FromTicks(Math.Max(options.Value.RetryInterval.Ticks, Math.Min(stuck.Ticks, LongestBackOff.Ticks)));
    }

    private WarmTrigger? Trigger(WarmDeclaration set, WarmProgress? row, string? server, DateTimeOffset? started, DateTimeOffset now)
    {
        if (row is null || server is null || row.Marker != server)
            return WarmTrigger.ColdStart;
        if (row.CompletedAt is null)
        {
            if (now < row.UpdatedAt + Pause(row, isStart: started is not null))
                return null;
            return WarmTriggers.TryParse(row.Trigger, out var first) ? first : WarmTrigger.Schedule;
        }
        if (Next(set, row) <= now)
            return WarmTrigger.Schedule;
        // Of several replicas that start within a minute only one warms.
        return set.IsWarmedAtStart && started is { } start && row.StartedAt < start - TimeSpan.FromMinutes(1)
            ? WarmTrigger.ColdStart
            : null;
    }
}
