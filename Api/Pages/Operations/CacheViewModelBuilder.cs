using Overnight.Api.Admin;

namespace Overnight.Api.Pages.Operations;

/// <summary>Makes the view of the cache's page.</summary>
internal sealed class CacheViewModelBuilder(CacheStatisticsReader statistics, CacheMinutes minutes)
{
    private static readonly (int Hours, string Text)[] Spans = [(3, "3 hours"), (12, "12 hours"), (24, "A day"), (168, "A week")];

    public async Task<CacheViewModel> MakeAsync(
        int hours,
        string pattern,
        string tenant,
        string? error,
        string? done,
        OperationsFormats formats,
        CancellationToken ct
    )
    {
        var figures = statistics.Read();
        CacheCurves curves = new(await minutes.ReadAsync(hours, ct), formats);
        var comparison = await statistics.CompareAsync(ct);
        return new(
            figures.Status switch
            {
                "healthy" => "fresh",
                "degraded" => "provisional",
                _ => "wrong",
            },
            figures.Status,
            Lead(figures),
            [
                .. Spans.Select(span => new SpanLink(
                    OperationsPaths.With(OperationsPaths.Cache, ("hours", $"{span.Hours}")),
                    span.Text,
                    span.Hours == hours
                )),
            ],
            curves.Curves,
            curves.Ticks,
            curves.Rows,
            Figures(figures, formats),
            [
                .. figures.Sets.Select(set => new CacheSetRow(
                    set.Set,
                    formats.Count(set.Hits),
                    formats.Count(set.Misses),
                    formats.Percent(set.HitRate)
                )),
            ],
            comparison is null ? null : Comparison(comparison, formats),
            pattern,
            tenant,
            error,
            done
        );
    }

    private static ComparisonViewModel Comparison(CacheComparison comparison, OperationsFormats formats)
    {
        var (state, word) =
            comparison.Differing > 0 ? ("wrong", "differs")
            : comparison.Compared > 0 ? ("fresh", "same")
            : ("waiting", "nothing yet");
        return new(
            state,
            word,
            comparison.Compared == 0
                ? "No entry was compared"
                : $"{formats.Count(comparison.Differing)} of {formats.Count(comparison.Compared)} entries differ",
            formats.Moment(comparison.LastAt),
            formats.Moment(comparison.LastDifferingAt)
        );
    }

    private static string Lead(CacheStatisticsAnswer figures)
    {
        var away = figures.Circuit == "open" ? "The cache does not answer and is not asked for the moment. " : "";
        return figures.Listening
            ? $"in the last five minutes, on this node. {away}It hears of changes, and keeps entries in memory."
            : $"in the last five minutes, on this node. {away}It does not hear of changes, so it keeps nothing in memory.";
    }

    private static List<(string, string, string)> Figures(CacheStatisticsAnswer figures, OperationsFormats formats)
    {
        var (latest, all) = (figures.LastFiveMinutes, figures.SinceStart);
        return
        [
            ("Hit rate", formats.Percent(latest.HitRate), formats.Percent(all.HitRate)),
            ("Hits", formats.Count(latest.Hits), formats.Count(all.Hits)),
            ("of them from memory", formats.Count(latest.MemoryHits), formats.Count(all.MemoryHits)),
            ("Misses", formats.Count(latest.Misses), formats.Count(all.Misses)),
            ("Damaged or outdated", formats.Count(latest.Damaged + latest.Outdated), formats.Count(all.Damaged + all.Outdated)),
            ("Writes", formats.Count(latest.Sets), formats.Count(all.Sets)),
            ("Writes that failed", formats.Count(latest.FailedSets), formats.Count(all.FailedSets)),
            ("Errors", formats.Count(latest.Errors), formats.Count(all.Errors)),
            (
                "Mean time of a hit",
                latest.MeanHitTime is { } now ? formats.Duration(now) : "none",
                all.MeanHitTime is { } ever ? formats.Duration(ever) : "none"
            ),
            ("Kept in memory", $"{formats.Number((figures.Memory.Results + figures.Memory.Entries) / 1048576d, 1)}\u00A0MiB", ""),
        ];
    }
}
