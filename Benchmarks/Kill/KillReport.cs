using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Kill;

/// <summary>A row of the report: the nights of a series, added up.</summary>
internal sealed class KillRow(KillSeries series, IReadOnlyList<KilledRun> nights)
{
    public KillSeries Series => series;
    public int Kills => nights.Sum(night => night.Kills.Count);
    public int Duplicates => nights.Sum(night => night.Defects.Duplicates);
    public int Losses => nights.Sum(night => night.Defects.Losses);
    public int Recomputed => nights.Sum(night => night.Recomputed);
    public int GoneBatches => nights.Sum(night => night.Defects.GoneBatches);
    public int Repeated => nights.Sum(night => night.Repeated.Sum(kill => kill.Batches));
    public int MostRepeated => nights.Max(night => night.Repeated.Max(kill => kill.Batches));
    public double RepeatedSeconds => nights.Sum(night => night.Repeated.Sum(kill => kill.Seconds));
    public IEnumerable<double> Resumes => nights.SelectMany(night => night.Kills).Select(kill => kill.Resume);
    public double MedianResume => Report.Median(Resumes);
}

internal static class KillReport
{
    /// <returns>0 when no kill cost more than it may, else 1.</returns>
    public static int Tell(KillSettings settings, LocalRedisProgram cache, List<KillRow> rows)
    {
        var table = Report.Table(
            $"Kills in nights over {settings.Users:N0} users, {settings.Workers} workers, batches of {settings.BatchSize}, {cache}",
            "where",
            "how",
            "kills",
            "duplicates",
            "losses",
            "recomputed",
            "batches repeated",
            "seconds repeated",
            "on after, s",
            "max, s"
        );
        foreach (var row in rows)
            Row(table, row.Series.Where, row.Series.Victim, [row]);
        if (!settings.Short)
        {
            foreach (var victim in rows.GroupBy(row => row.Series.Victim))
                Row(table, "all", victim.Key, [.. victim]);
        }
        Report.Write(table);
        var gone = rows.Sum(row => row.GoneBatches);
        if (gone > 0)
            Report.Step($"{gone:N0} batches were in the cache when it was killed and are gone with it; their results are all stored.");

        // The most that one kill repeated, against one batch a worker.
        var ratio = (double)rows.Max(row => row.MostRepeated) / settings.Workers;
        var (duplicates, losses, recomputed) = (
            rows.Sum(row => row.Duplicates),
            rows.Sum(row => row.Losses),
            rows.Sum(row => row.Recomputed)
        );
        Report.Write(
            new
            {
                Benchmark = "kill",
                settings.Short,
                settings.Users,
                settings.BatchSize,
                settings.Workers,
                settings.Seed,
                Ratio = Report.Rounded(ratio),
                Kills = rows.Sum(row => row.Kills),
                Duplicates = duplicates,
                Losses = losses,
                Recomputed = recomputed,
                BatchesRepeated = rows.Sum(row => row.Repeated),
                SecondsRepeated = Report.Rounded(rows.Sum(row => row.RepeatedSeconds)),
                BatchesGoneWithCache = gone,
                MedianResumeSeconds = Report.Rounded(Report.Median(rows.SelectMany(row => row.Resumes))),
                MaxResumeSeconds = Report.Rounded(rows.Max(row => row.Resumes.Max())),
                Cache = cache.ToString(),
            }
        );
        return duplicates == 0 && losses == 0 && recomputed == 0 && ratio <= 1 ? 0 : 1;
    }

    private static void Row(Spectre.Console.Table table, string where, Victim how, IReadOnlyList<KillRow> rows) =>
        table.Row(
            where,
            $"{how}".ToLowerInvariant(),
            $"{rows.Sum(row => row.Kills)}",
            $"{rows.Sum(row => row.Duplicates)}",
            $"{rows.Sum(row => row.Losses)}",
            $"{rows.Sum(row => row.Recomputed)}",
            $"{rows.Sum(row => row.Repeated)}",
            $"{rows.Sum(row => row.RepeatedSeconds):N2}",
            $"{Report.Median(rows.SelectMany(row => row.Resumes)):N2}",
            $"{rows.Max(row => row.Resumes.Max()):N2}"
        );
}
