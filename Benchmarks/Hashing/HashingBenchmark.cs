using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Hashing;

/// <summary>
/// Nights in pairs, one by jobs as it is and one by a build of the same sources that hashes nothing, over alike users and on the same
/// PostgreSQL.
/// </summary>
internal static class HashingBenchmark
{
    private const double Limit = 1.08;

    private readonly record struct Pair(double WithSeconds, double WithoutSeconds)
    {
        public double Ratio => WithSeconds / WithoutSeconds;
    }

    public static async Task<int> RunAsync(HashingSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        Report.Step("Building jobs without its hashes ...");
        var folder = await UnhashedJobs.BuildAsync(bench.CreateFolder("unhashed"), ct);
        var postgres = await bench.StartPostgresAsync(ct);
        await using var with = await HashingSide.StartAsync(bench, postgres, settings, null, ct);
        await using var without = await HashingSide.StartAsync(bench, postgres, settings, folder, ct);
        List<Pair> pairs = [];
        for (var number = 0; number <= settings.Pairs; number++)
        {
            var pair = await RunAsync(with, without, isWithFirst: number % 2 == 0, ct);
            Report.Step($"Pair {number}: {pair.WithSeconds:N2} s of processors with hashes, {pair.WithoutSeconds:N2} s without.");
            // The first finds code cold, in both.
            if (number > 0)
                pairs.Add(pair);
        }
        return Tell(settings, pairs);
    }

    /// <summary>The order changes from pair to pair, so that what else the machine does falls on both alike.</summary>
    private static async Task<Pair> RunAsync(HashingSide with, HashingSide without, bool isWithFirst, CancellationToken ct)
    {
        var first = await (isWithFirst ? with : without).RunAsync(ct);
        var second = await (isWithFirst ? without : with).RunAsync(ct);
        return isWithFirst ? new(first, second) : new(second, first);
    }

    private static int Tell(HashingSettings settings, List<Pair> pairs)
    {
        var ratio = Report.Median(pairs.Select(pair => pair.Ratio));
        var table = Report.Table(
            $"Nights of {settings.Users:N0} users, processor seconds of Jobs",
            "",
            "with hashes, s",
            "without, s",
            "ratio"
        );
        for (var number = 0; number < pairs.Count; number++)
            table.Row(
                $"pair {number + 1}",
                $"{pairs[number].WithSeconds:N2}",
                $"{pairs[number].WithoutSeconds:N2}",
                $"{pairs[number].Ratio:N3}"
            );
        Report.Write(table);
        Threshold[] thresholds = [new("D6", "processor seconds of Jobs, with hashing to without", "x", ratio, Limit)];
        Threshold.Write(thresholds);
        Report.Write(
            new
            {
                Benchmark = "hashing",
                settings.Users,
                WithCpuSeconds = Report.Rounded(Report.Median(pairs.Select(pair => pair.WithSeconds))),
                WithoutCpuSeconds = Report.Rounded(Report.Median(pairs.Select(pair => pair.WithoutSeconds))),
                Ratio = Report.Rounded(ratio),
                Rounds = pairs.Count,
                Spread = Report.Spread(pairs.Select(pair => pair.Ratio)),
                Thresholds = thresholds.Select(one => one.ToJson()),
            }
        );
        return Array.TrueForAll(thresholds, one => one.IsMet) ? 0 : 1;
    }
}
