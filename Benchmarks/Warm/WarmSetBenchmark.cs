using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Caching;
using Overnight.Core.Flags;
using Overnight.Core.Reference;
using Overnight.Core.Results;
using Overnight.Core.Sessions;

namespace Overnight.Benchmarks.Warm;

/// <param name="Entries">Keys that it left in an empty cache.</param>
/// <param name="Ms">Median, from the request to its end.</param>
/// <param name="FirstMs">Of the first time, when nothing was compiled or connected.</param>
/// <param name="RivalMs">The same entries from memory, by the faster of the awaited batches.</param>
/// <param name="Spread">Of the rounds of ours.</param>
internal sealed record SetFigures(string Name, long Entries, double Ms, double FirstMs, double? LimitMs, double RivalMs, double Spread);

/// <summary>Warms of the product's own sets, from real rows; and their entries once more as the rival writes them.</summary>
internal static class WarmSetBenchmark
{
    private const int Flags = 20;

    /// <summary>Rounds beside the first: a warm takes milliseconds, and the disk has its moods.</summary>
    private const int RoundsOfOne = 3;

    /// <summary>Milliseconds for 20 flags, 1,000 sessions and the recommendations of 1,000 users (issue 4).</summary>
    private static readonly (string Set, double? Limit)[] Sets =
    [
        (FlagWarmSet.SetName, 20),
        (SessionWarmSet.SetName, 500),
        (RecommendationWarmSet.SetName, 500),
        (ReferenceWarmSet.NamePrefix + "essential", null),
        (ReferenceWarmSet.NamePrefix + "master", null),
        (ReferenceWarmSet.NamePrefix + "computed", null),
    ];

    public static async Task<IReadOnlyList<SetFigures>> RunAsync(Workbench bench, WarmSettings settings, CancellationToken ct)
    {
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Topology, LocalRedisProgram.Any, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        await DemoTenantsAndFlags.AddAsync(database, settings.Tenants, Flags, ct);
        await JobsProcess.RunAsync(bench, postgres, cache, ct);
        await SessionSeed.CreateAsync(database, Path.Combine(bench.CreateFolder("sessions"), "plan"), ct);
        await DemoDatabase.SettleAsync(database, ct);

        using CacheAdmin admin = new(cache);
        using ProductWarmer warmer = new(postgres, cache, settings);
        using AwaitedBatches rival = new(cache, admin);
        List<SetFigures> figures = [];
        foreach (var (set, limit) in Sets)
            figures.Add(await MeasureAsync(set, limit, settings.Rounds * RoundsOfOne, admin, warmer, rival, ct));
        return figures;
    }

    private static async Task<SetFigures> MeasureAsync(
        string set,
        double? limit,
        int rounds,
        CacheAdmin admin,
        ProductWarmer warmer,
        AwaitedBatches rival,
        CancellationToken ct
    )
    {
        List<double> times = [];
        for (var round = 0; round <= rounds; round++)
        {
            admin.Empty();
            times.Add((await warmer.WarmAsync(set, ct)).TotalMilliseconds);
        }
        var entries = await admin.ReadAllAsync().Where(entry => entry.Key != CacheKeys.Marker).ToArrayAsync(ct);
        // The first is not counted on this side, either.
        var rivals = AwaitedBatches.Sizes.ToDictionary(batch => batch, _ => new List<double>());
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var (batch, found) in rivals)
                found.Add((await rival.WriteAsync(entries, batch)).TotalMilliseconds);
        }
        SetFigures figures = new(
            set,
            entries.Length,
            Report.Median(times.Skip(1)),
            times[0],
            limit,
            rivals.Values.Min(found => Report.Median(found.Skip(1))),
            Report.Spread(times.Skip(1))
        );
        Report.Step(
            $"{set}: {figures.Entries:N0} entries in {figures.Ms:N1} ms, the first time {figures.FirstMs:N1} ms; awaited batches {figures.RivalMs:N1} ms."
        );
        return figures;
    }
}
