using Overnight.Core;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Commands;

/// <summary>The summary that <c>warm</c> prints: a line for each set, and the hit rate.</summary>
internal static class WarmSummary
{
    /// <summary>Target of the hit rate, 0 to 1.</summary>
    private const double Target = 0.9;

    public static string Describe(WarmOutcome set) =>
        set.Status switch
        {
            WarmStatus.Running => $"{set.Set}: another process is warming it.",
            WarmStatus.Failed when set.Error is not null =>
                $"{set.Set}: failed after {Plural.Of(set.Warmed, "entry", "entries")}; the next warm resumes there. {set.Error}",
            _ =>
                $"{set.Set}: {set.StatusName}, {Plural.Of(set.Warmed, "entry", "entries")}{(set.ResumedAt is { } resumed ? $" ({resumed:N0} by an earlier try)" : "")}, {set.Failed:N0} failed, "
                    + $"{set.Duration.TotalMilliseconds:N0} ms{Ending(set)}",
        };

    private static string Ending(WarmOutcome set) =>
        !set.IsCutShort ? ""
        : set.Left is { } left ? $", ended by the time limit with about {Plural.Of(left, "entry", "entries")} left"
        : ", ended by the time limit";

    /// <summary>A sentence about the share of the sets' entries that are warm now.</summary>
    public static async Task<string> HitRateAsync(
        IReadOnlyList<WarmSet> sets,
        WarmReport report,
        WarmRequest request,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var (warm, all) = (0L, 0L);
        foreach (var outcome in report.Sets.Where(set => set.Status != WarmStatus.Running))
        {
            var there = await sets.First(set => set.Name == outcome.Set).EstimateAsync(new(int.MaxValue, request.Tenant, null, now), ct);
            all += there;
            warm += Math.Min(there, outcome.Warmed);
        }
        var others = report.Sets.Count(set => set.Status == WarmStatus.Running);
        var without = others == 0 ? "" : $" Not counted: {Plural.Of(others, "set")} that another process is warming.";
        return all == 0
            ? $"These sets have no entries.{without}"
            : Judge("Estimated hit rate", warm, $"{Plural.Of(all, "entry", "entries")} are warm, if each is read equally often", all)
                + without;
    }

    /// <param name="of">The total with its noun, such as "400 reads", as it follows "of".</param>
    public static string Judge(string name, long hits, string of, long all)
    {
        var rate = (double)hits / all;
        return $"{name} {100 * rate:F1} %: {hits:N0} of {of}. The target of {100 * Target:F0} % is {(rate >= Target ? "reached" : "missed")}.";
    }
}
