using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Calculates a made-up user before there is a real one. The first calculation of a process compiles its code, which takes
/// as long as a thousand users; it is done while PostgreSQL makes the plan and a processor is idle.
/// </summary>
internal static class JitWarmup
{
    private static readonly byte[] Rules =
        """
        [{"id":"a","name":"A","metric":"pe_ratio","operator":"lt","value":"20.5","points":"12.5","requiredFundamentals":["pe_ratio"]},
         {"id":"b","name":"B","metric":"roe","operator":"between","value":1,"value2":9,"points":-3,"requiredFundamentals":["roa"]}]
        """u8.ToArray();

    public static void Run(TimeProvider time)
    {
        var now = time.GetUtcNow();
        var user = Guid.CreateVersion7(now);
        var fundamentals = new decimal?[Metrics.Count];
        fundamentals[(int)Metric.PeRatio] = 12.25m;
        fundamentals[(int)Metric.Roe] = 3;
        SnapshotAsset[] assets =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(n => new SnapshotAsset(Guid.CreateVersion7(now), $"A{n}", n == 0 ? "EUR" : "USD", 10.5m + n, fundamentals, "A")),
        ];
        MarketSnapshot market = new(
            new(Guid.Empty, "NYSE", default, now, now, now),
            assets,
            new Dictionary<(string, string), decimal> { [("EUR", "USD")] = 1.1m }
        );
        PipelineRun run = new(Guid.Empty, "NYSE", default, 1, "started", "", now, true, Guid.Empty, null, Guid.Empty);

        BatchData data = new();
        data.Users.Add(new(user, "USD", 1_000, Guid.Empty, 1, Rules, []));
        var classId = Guid.CreateVersion7(now);
        data.Classes.Add(new(user, classId, "a"u8.ToArray(), Decimal4.Zero, Decimal4.Hundred, Decimal4.Round(50)));
        data.Holdings.AddRange(assets.Select((asset, n) => new LoadedHolding(user, asset.Id, n == 1 ? null : classId, 2.5m)));
        new BatchCalculator(new(run, market), time, FaultInjection.None).Calculate(data, 0);
    }
}
