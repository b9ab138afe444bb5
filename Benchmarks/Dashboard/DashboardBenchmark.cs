using Overnight.Api.Dashboard;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// A night first, so that the entries are real; then constant, dashboard and rivals in turn, in one process of the Api; then the latencies
/// that the specification limits.
/// </summary>
internal static class DashboardBenchmark
{
    /// <summary>Of each side, before anything counts: compiled, the hot users in memory, and most sessions seen once.</summary>
    private const int MostWarmUp = 30;

    public static async Task<int> RunAsync(DashboardSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        await using var environment = await DashboardEnvironment.CreateAsync(bench, settings, ct);
        var answer = await SessionSeed.MeanAnswerAsync(environment.Database, ct);
        var answerFile = Path.Combine(bench.CreateFolder("dashboard"), "answer.json");
        await File.WriteAllBytesAsync(answerFile, answer, ct);
        Report.Step($"{settings.Users:N0} results and sessions; an answer of mean length has {answer.Length:N0} bytes.");
        await environment.FillFusionCacheAsync(ct);

        var api = await environment.StartApiAsync(answerFile, ct);
        DashboardSide[] sides =
        [
            new("constant", ConstantAnswer.Path),
            new("dashboard", DashboardRoutes.Path),
            new("FusionCache", RivalAnswer.FusionCachePath),
            new("client, one read by one", RivalAnswer.ClientPath),
        ];
        foreach (var (at, side) in sides.Index())
        {
            await environment.WarmSessionsAsync();
            await api.LoadAsync(side.Path, Math.Min(MostWarmUp, 2 * settings.Seconds), settings.Connections, seed: at + 1, ct);
        }
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var side in sides)
                side.Rounds.Add(await MeasureAsync(side, seed: round + sides.Length + 1));
            Report.Step(
                $"Round {round + 1}, requests per second: {string.Join(", ", sides.Select(side => $"{side.Name} {side.Rounds[^1].Load.PerSecond:N0}"))}."
            );
        }
        var thresholds = await new DashboardThresholds(environment, settings).MeasureAsync(api, ct);
        DashboardReport.Write(settings, sides, answer.Length, thresholds);
        return 0;

        async Task<DashboardRound> MeasureAsync(DashboardSide side, int seed)
        {
            await environment.WarmSessionsAsync();
            var (apiBefore, cacheBefore) = (ProcessMeter.CpuSeconds(api.ProcessId), ProcessMeter.CpuSeconds(environment.Cache.ProcessId));
            var load = await api.LoadAsync(side.Path, settings.Seconds, settings.Connections, seed, ct);
            if (load.FromCache != load.Requests && side.Path != ConstantAnswer.Path)
                throw new BenchmarkException(
                    $"{side.Name}: {load.Requests - load.FromCache} of {load.Requests} answers did not come from the cache, or named another user."
                );
            return new(
                load,
                ProcessMeter.CpuSeconds(api.ProcessId) - apiBefore,
                ProcessMeter.CpuSeconds(environment.Cache.ProcessId) - cacheBefore
            );
        }
    }
}

/// <param name="ApiCpu">Processor seconds, as is <paramref name="CacheCpu"/>; null where the system does not tell.</param>
internal sealed record DashboardRound(LoadFigures Load, double? ApiCpu, double? CacheCpu);

/// <summary>One way to answer the same requests.</summary>
internal sealed record DashboardSide(string Name, string Path)
{
    public List<DashboardRound> Rounds { get; } = [];

    public double Median(Func<DashboardRound, double?> figure) => Report.Median(Rounds.Select(round => figure(round) ?? 0));

    public double PerSecond => Median(round => round.Load.PerSecond);
}
