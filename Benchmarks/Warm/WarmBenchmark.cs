using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Warm;

/// <summary>Bulk writing by size of entry, then whole warms.</summary>
internal static class WarmBenchmark
{
    /// <summary>Of the server's own tool, that bulk writing shall reach.</summary>
    private const double LeastRatio = 0.7;

    public static async Task<int> RunAsync(WarmSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        BulkBenchmark bulk = new(bench);
        var first = await bulk.RunAsync(settings, ct);
        List<BulkFigures> sizes = [];
        foreach (var size in settings.Sizes.Where(size => size != settings.Size).Distinct())
            sizes.Add(await bulk.RunAsync(settings.Of(size), ct));
        IReadOnlyList<SetFigures> sets = settings.Users > 0 ? await WarmSetBenchmark.RunAsync(bench, settings, ct) : [];

        Tell(first);
        if (sizes.Count > 0)
            Tell([first, .. sizes]);
        if (sets.Count > 0)
            Tell(settings, sets);
        Report.Write(
            new
            {
                Benchmark = "warm",
                Ratio = Rounded(first.Ratio),
                EntriesPerSecond = Round(first.Ours),
                LimitPerSecond = Round(first.Limit),
                LimitClients = first.Limit is null ? (int?)null : first.Clients,
                GarnetEntriesPerSecond = Round(first.Garnet),
                RivalEntriesPerSecond = Round(first.Rival),
                settings.Entries,
                settings.Size,
                Topology = $"{settings.Topology}",
                settings.Rounds,
                first.Spread,
                Sizes = sizes.Select(s => new
                {
                    s.Settings.Size,
                    s.Settings.Entries,
                    Ratio = Rounded(s.Ratio),
                    EntriesPerSecond = Round(s.Ours),
                    LimitPerSecond = Round(s.Limit),
                    GarnetEntriesPerSecond = Round(s.Garnet),
                    RivalEntriesPerSecond = Round(s.Rival),
                    s.Spread,
                }),
                Sets = sets.Select(s => new
                {
                    s.Name,
                    s.Entries,
                    Ms = Report.Rounded(s.Ms),
                    FirstMs = Report.Rounded(s.FirstMs),
                    s.LimitMs,
                    RivalMs = Report.Rounded(s.RivalMs),
                    s.Spread,
                }),
            }
        );
        return 0;
    }

    private static void Tell(BulkFigures figures)
    {
        var settings = figures.Settings;
        var table = Report.Table(
            $"{settings.Entries:N0} entries of {settings.Size:N0} bytes with a TTL, {settings.Writers} writers, {settings.Topology}",
            "",
            "entries per second"
        );
        table.Row("our writer, Redis", Figure(figures.Ours));
        table.Row(
            $"redis-benchmark, pipeline 64{(figures.Clients > 0 ? $", its best of {string.Join(", ", BulkBenchmark.Clients)} clients: {figures.Clients}" : "")}",
            Figure(figures.Limit)
        );
        if (figures.Ratio is { } ratio)
            table.Row("ratio", $"{ratio:P0}");
        table.Row("our writer, Garnet", Figure(figures.Garnet));
        Report.Write(table);
    }

    private static void Tell(IEnumerable<BulkFigures> all)
    {
        var table = Report.Table(
            "Entries per second by size",
            "bytes",
            "our writer, Redis",
            "redis-benchmark",
            "ratio",
            "limit",
            $"batches of {string.Join(" or ", AwaitedBatches.Sizes)} awaited",
            "ours to those",
            "our writer, Garnet"
        );
        foreach (var size in all.OrderBy(size => size.Settings.Size))
        {
            table.Row(
                $"{size.Settings.Size:N0}",
                Figure(size.Ours),
                Figure(size.Limit),
                size.Ratio is { } ratio ? $"{ratio:P0}" : "-",
                $"{LeastRatio:P0}",
                Figure(size.Rival),
                size.Ours / size.Rival is { } times ? $"{times:N1} x" : "-",
                Figure(size.Garnet)
            );
        }
        Report.Write(table);
    }

    private static void Tell(WarmSettings settings, IReadOnlyList<SetFigures> sets)
    {
        var table = Report.Table(
            $"Whole warms from PostgreSQL into an empty cache: {settings.Users:N0} users, {settings.Tenants:N0} tenants",
            "set",
            "entries",
            "ms",
            "first, ms",
            "limit, ms",
            "awaited batches, ms"
        );
        foreach (var set in sets)
            table.Row(
                set.Name,
                $"{set.Entries:N0}",
                $"{set.Ms:N1}",
                $"{set.FirstMs:N1}",
                set.LimitMs is { } limit ? $"{limit:N0}" : "",
                $"{set.RivalMs:N1}"
            );
        Report.Write(table);
        Report.Step(
            "Awaited batches write the same entries from memory; ours are also read from PostgreSQL, under its locks, and recorded."
        );
    }

    private static string Figure(double? rate) => rate is { } figure ? $"{figure:N0}" : "-";

    private static double? Round(double? rate) => rate is { } figure ? Math.Round(figure) : null;

    private static double? Rounded(double? ratio) => ratio is { } figure ? Report.Rounded(figure) : null;
}
