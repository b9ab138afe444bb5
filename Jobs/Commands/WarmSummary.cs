using Overnight.Core.Warming;

namespace Overnight.Jobs.Commands;

/// <summary>What <c>warm</c> tells at its end.</summary>
internal static class WarmSummary
{
    /// <summary>Of reads that the cache shall answer (SPEC E2).</summary>
    private const double Target = 0.9;

    public static string Describe(WarmOutcome set) =>
        set.Status switch
        {
            WarmStatus.Running => $"{set.Set}: another process is warming it.",
            WarmStatus.Failed when set.Error is not null =>
                $"{set.Set}: broke after {set.Warmed:N0} entries, to be resumed there: {set.Error}",
            _ =>
                $"{set.Set}: {set.StatusName}, {set.Warmed:N0} entries{(set.ResumedAt is { } resumed ? $" ({resumed:N0} by an earlier try)" : "")}, {set.Failed:N0} failed, "
                    + $"{set.Duration.TotalMilliseconds:N0} ms{(set.IsCutShort ? ", ended by the time limit" : "")}",
        };

    /// <summary>SPEC E3: of all that readers could ask these sets for, how much is warm now.</summary>
    public static async Task<string> HitRateAsync(
        IReadOnlyList<WarmSet> sets,
        WarmReport report,
        WarmRequest request,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var (warm, all) = (0L, 0L);
        foreach (var outcome in report.Sets)
        {
            var there = await sets.First(set => set.Name == outcome.Set).EstimateAsync(new(int.MaxValue, request.Tenant, null, now), ct);
            all += there;
            warm += Math.Min(there, outcome.Warmed);
        }
        return all == 0
            ? "There is nothing to be read in these sets."
            : Judge("Estimated hit rate", warm, all, " entries that could be read are warm, were all read alike");
    }

    public static string Judge(string name, long hits, long all, string of = "")
    {
        var rate = (double)hits / all;
        return $"{name} {100 * rate:F1} %: {hits:N0} of {all:N0}{of}. The target of {100 * Target:F0} % is {(rate >= Target ? "reached" : "missed")}.";
    }
}
