using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>A night first, so that the entries are real; then constant and dashboard in turn, in one process of the Api.</summary>
internal static class DashboardBenchmark
{
    private const string Dashboard = "/api/dashboard";

    /// <summary>Of each side, before anything counts: compiled, the hot users in memory, and most sessions seen once.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(30);

    private sealed record Measured(LoadFigures Load, double? ApiCpu, double? CacheCpu);

    public static async Task<int> RunAsync(DashboardSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        await using var environment = await DashboardEnvironment.CreateAsync(bench, settings, ct);
        var answer = await SessionSeed.MeanAnswerAsync(environment.Database, ct);
        var answerFile = Path.Combine(bench.CreateFolder("dashboard"), "answer.json");
        await File.WriteAllBytesAsync(answerFile, answer, ct);
        Report.Step($"{settings.Users:N0} results and sessions; an answer of mean length has {answer.Length:N0} bytes.");

        var api = await environment.StartApiAsync(answerFile, ct);
        await environment.WarmSessionsAsync();
        await api.LoadAsync(ConstantAnswer.Path, WarmUp.TotalSeconds, settings.Connections, seed: 1, ct);
        await api.LoadAsync(Dashboard, WarmUp.TotalSeconds, settings.Connections, seed: 2, ct);

        List<Measured> limits = [],
            figures = [];
        for (var round = 0; round < settings.Rounds; round++)
        {
            limits.Add(await MeasureAsync(ConstantAnswer.Path, round));
            await environment.WarmSessionsAsync();
            figures.Add(await MeasureAsync(Dashboard, round));
            var load = figures[^1].Load;
            if (load.FromCache != load.Requests)
                throw new BenchmarkException(
                    $"{load.Requests - load.FromCache} of {load.Requests} answers did not come from the cache, or named another user."
                );
            Report.Step($"Round {round + 1}: constant {limits[^1].Load.PerSecond:N0}, dashboard {load.PerSecond:N0} requests per second.");
        }
        Tell(settings, limits, figures, answer.Length);
        return 0;

        async Task<Measured> MeasureAsync(string path, int round)
        {
            var (apiBefore, cacheBefore) = (ProcessMeter.CpuSeconds(api.ProcessId), ProcessMeter.CpuSeconds(environment.Cache.ProcessId));
            var load = await api.LoadAsync(path, settings.Seconds, settings.Connections, seed: round + 3, ct);
            return new(
                load,
                ProcessMeter.CpuSeconds(api.ProcessId) - apiBefore,
                ProcessMeter.CpuSeconds(environment.Cache.ProcessId) - cacheBefore
            );
        }
    }

    private static void Tell(DashboardSettings settings, List<Measured> limits, List<Measured> figures, int bytes)
    {
        var (rate, limit) = (Median(figures, m => m.Load.PerSecond), Median(limits, m => m.Load.PerSecond));
        var table = Report.Table(
            $"{settings.Users:N0} users, {settings.Connections} connections, 60 % of requests to 1 % of the users",
            "",
            "constant",
            "dashboard"
        );
        table.Row("requests per second", $"{limit:N0}", $"{rate:N0}");
        table.Row("ratio", "", $"{rate / limit:P0}");
        Row("p50, ms", m => m.Load.P50Ms);
        Row("p99, ms", m => m.Load.P99Ms);
        Row("Api, processor µs per request", m => m.ApiCpu * 1e6 / m.Load.Requests);
        Row("cache, processor µs per request", m => m.CacheCpu * 1e6 / m.Load.Requests);
        Row("load generator, processor µs per request", m => m.Load.CpuSeconds * 1e6 / m.Load.Requests);
        Report.Write(table);
        Report.Write(
            new
            {
                Benchmark = "dashboard",
                Ratio = Report.Rounded(rate / limit),
                RequestsPerSecond = Report.Rounded(rate),
                LimitRequestsPerSecond = Report.Rounded(limit),
                P50Ms = Report.Rounded(Median(figures, m => m.Load.P50Ms)),
                P99Ms = Report.Rounded(Median(figures, m => m.Load.P99Ms)),
                LimitP50Ms = Report.Rounded(Median(limits, m => m.Load.P50Ms)),
                LimitP99Ms = Report.Rounded(Median(limits, m => m.Load.P99Ms)),
                AnswerBytes = bytes,
                settings.Users,
                settings.Connections,
                settings.Seconds,
                Topology = $"{settings.Topology}",
                settings.Rounds,
                Spread = Report.Spread(figures.Zip(limits, (m, limit) => m.Load.PerSecond / limit.Load.PerSecond)),
            }
        );

        void Row(string name, Func<Measured, double?> figure) =>
            table.Row(name, $"{Median(limits, figure):N2}", $"{Median(figures, figure):N2}");
        static double Median(List<Measured> all, Func<Measured, double?> figure) => Report.Median(all.Select(m => figure(m) ?? 0));
    }
}
