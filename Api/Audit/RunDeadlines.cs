using Microsoft.EntityFrameworkCore;
using Overnight.Core.Data;

namespace Overnight.Api.Audit;

/// <summary>The scheduled night or warm that a run is of; neither for a run that was not scheduled.</summary>
internal readonly record struct RunDeadline(DeadlineItem? Night, DeadlineItem? Warm);

/// <summary>Reads where runs stand against the deadlines of the nights and warms that they are runs of.</summary>
internal static class RunDeadlines
{
    /// <param name="state">The state that runs were found by: of several due warms that a run finished, one in that state is told.</param>
    /// <returns>By run; a run that was not scheduled has none.</returns>
    public static async Task<Dictionary<Guid, RunDeadline>> ReadAsync(
        OvernightContext database,
        List<Run> runs,
        string? state,
        CancellationToken ct
    )
    {
        Dictionary<Guid, RunDeadline> deadlines = [];
        var scoring = runs.FindAll(r => r is { Market: not null, BusinessDate: not null });
        if (scoring.Count > 0)
        {
            var dates = scoring.Select(r => r.BusinessDate!.Value).Distinct().ToArray();
            var nights = await database.Nights.AsNoTracking().Where(n => dates.Contains(n.BusinessDate)).ToListAsync(ct);
            var byNight = nights.ToDictionary(n => (n.Market, n.BusinessDate));
            foreach (var run in scoring)
            {
                if (byNight.TryGetValue((run.Market!, run.BusinessDate!.Value), out var night))
                    deadlines[run.Id] = new(DeadlineItem.From(night), null);
            }
        }
        var warms = runs.Where(r => r.JobType == "cache-warm").Select(r => (Guid?)r.Id).ToArray();
        if (warms.Length > 0)
        {
            var found = await database
                .WarmDeadlines.AsNoTracking()
                .Where(w => warms.Contains(w.RunId) && (state == null || w.State == state))
                .OrderBy(w => w.DueAt)
                .ToListAsync(ct);
            foreach (var warm in found)
                deadlines[warm.RunId!.Value] = new(null, DeadlineItem.From(warm));
        }
        return deadlines;
    }
}
