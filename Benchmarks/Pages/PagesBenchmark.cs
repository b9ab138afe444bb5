using System.Net.Http.Headers;
using Overnight.Api.Dashboard;
using Overnight.Api.Pages;
using Overnight.Api.Pages.Explanations;
using Overnight.Api.Pages.Operations;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Recovery;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Tests.Dashboard;

namespace Overnight.Benchmarks.Pages;

/// <summary>
/// A night first, so that the entries are real; then the JSON answer and the page in turn, as fast as they are answered; then the latencies
/// at the rates that the specification names, and what Chromium sees.
/// </summary>
internal static class PagesBenchmark
{
    /// <summary>Pages of the dashboard, where the rate is fixed.</summary>
    public const int PerSecond = 1_000;

    /// <summary>Of the other pages, which ask PostgreSQL.</summary>
    private const int OthersPerSecond = 50;

    /// <summary>Of the operations' overview, which administrators alone look at.</summary>
    private const int OverviewPerSecond = 5;

    /// <summary>Users whose page is weighed.</summary>
    private const int Weighed = 200;

    private sealed record Side(string Name, string Path)
    {
        public List<DashboardRound> Rounds { get; } = [];

        public double Median(Func<DashboardRound, double?> figure) => Report.Median(Rounds.Select(round => figure(round) ?? 0));
    }

    public static async Task<int> RunAsync(DashboardSettings settings, CancellationToken ct)
    {
        await using Workbench bench = new();
        await using var environment = await DashboardEnvironment.CreateAsync(bench, settings, ct);
        var api = await environment.StartApiAsync(null, ct);
        var tokens = await MixedReads.TokensAsync(environment.Plan, ct);
        Side[] sides = [new("JSON", DashboardRoutes.Path), new("page", PagePaths.Dashboard)];
        foreach (var (at, side) in sides.Index())
        {
            await environment.WarmSessionsAsync();
            await api.LoadAsync(side.Path, 2 * settings.Seconds, settings.Connections, seed: at + 1, ct);
        }
        var bytes = await WeighAsync(api.Port, tokens, ct);
        for (var round = 0; round < settings.Rounds; round++)
        {
            foreach (var side in sides)
            {
                await environment.WarmSessionsAsync();
                var before = ProcessMeter.CpuSeconds(api.ProcessId);
                var load = await api.LoadAsync(side.Path, settings.Seconds, settings.Connections, round + sides.Length + 1, ct);
                side.Rounds.Add(new(load, ProcessMeter.CpuSeconds(api.ProcessId) - before, null));
            }
            Report.Step(
                $"Round {round + 1}, requests per second: {string.Join(", ", sides.Select(side => $"{side.Name} {side.Rounds[^1].Load.PerSecond:N0}"))}."
            );
        }
        await environment.WarmSessionsAsync();
        var dashboard = await P95Async(api.Port, PagePaths.Dashboard, settings.Rate, tokens, settings.Seconds, ct);
        var json = await P95Async(api.Port, DashboardRoutes.Path, settings.Rate, tokens, settings.Seconds, ct);
        var history = await P95Async(api.Port, PagePaths.History, OthersPerSecond, tokens, settings.Seconds, ct);
        var account = await P95Async(api.Port, PagePaths.Account, OthersPerSecond, tokens, settings.Seconds, ct);
        var why = await P95Async(api.Port, ExplanationPaths.Why, OthersPerSecond, tokens, settings.Seconds, ct);
        var admin = await environment.Database.AddSessionAsync(await environment.Database.AddUserAsync("admin"));
        string[] admins = [.. Enumerable.Repeat(admin, tokens.Count)];
        var overview = await P95Async(api.Port, OperationsPaths.Overview, OverviewPerSecond, admins, settings.Seconds, ct);
        await environment.WarmSessionsAsync();
        var paint = await PaintAsync(api.Port, tokens[0]);
        Threshold[] thresholds =
        [
            new("P6", $"largest of {bytes.Count:N0} dashboards as a page, uncompressed", "bytes", bytes.Max(), 60_000),
            new("P6", $"p95 of the dashboard's page at {settings.Rate:N0} a second", "ms", dashboard, 5),
            .. paint is { } seen
                ? (Threshold[])
                    [
                        new(
                            "P6",
                            $"largest contentful paint of the dashboard, median of {LargestPaint.Navigations} warm navigations",
                            "ms",
                            seen,
                            300
                        ),
                    ]
                : [],
            new("P6", $"p95 of the history's page at {OthersPerSecond} a second", "ms", history, 100),
            new("P6", $"p95 of the account's page at {OthersPerSecond} a second", "ms", account, 100),
            new("P6", $"p95 of the page of why at {OthersPerSecond} a second", "ms", why, 100),
            new("P6", $"p95 of the operations' overview at {OverviewPerSecond} a second", "ms", overview, 100),
        ];
        if (paint is null)
            Report.Step($"Largest contentful paint is not measured. {Tests.Pages.Chromium.Missing}");
        Write(settings, sides, bytes, json, thresholds);
        return 0;
    }

    /// <returns>Bytes of the pages of some users.</returns>
    private static async Task<IReadOnlyList<double>> WeighAsync(int port, IReadOnlyList<string> tokens, CancellationToken ct)
    {
        using HttpClient http = new() { BaseAddress = new($"http://127.0.0.1:{port}") };
        List<double> bytes = [];
        foreach (var token in tokens.Take(Weighed))
        {
            using HttpRequestMessage request = new(HttpMethod.Get, PagePaths.Dashboard);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var answer = await http.SendAsync(request, ct);
            var page = await answer.Content.ReadAsStringAsync(ct);
            if (!answer.IsSuccessStatusCode || page.Contains("From the database", StringComparison.Ordinal))
                throw new BenchmarkException($"A dashboard's page did not come from the cache: {(int)answer.StatusCode}.");
            bytes.Add((await answer.Content.ReadAsByteArrayAsync(ct)).Length);
        }
        return bytes;
    }

    /// <summary>
    /// Milliseconds from the request's turn to the last byte, as a client on this machine has them; the first half is a warm-up.
    /// </summary>
    private static async Task<double> P95Async(
        int port,
        string path,
        int perSecond,
        IReadOnlyList<string> tokens,
        int seconds,
        CancellationToken ct
    )
    {
        UserMix users = new(tokens.Count, seed: 2);
        await using OpenLoopLoad load = new(port, perSecond, () => new(ReadKind.Dashboard, path, tokens[users.Next()]));
        await Task.Delay(TimeSpan.FromSeconds(seconds), ct);
        var warmUp = load.Answers.Count;
        await Task.Delay(TimeSpan.FromSeconds(seconds), ct);
        var answers = (await load.StopAsync()).Skip(warmUp).ToArray();
        return answers.FirstOrDefault(answer => answer.Error is not null) is { Error: { } error }
            ? throw new BenchmarkException($"A page failed: {error}")
            : answers.Percentile(0.95);
    }

    private static async Task<double?> PaintAsync(int port, string token) =>
        Tests.Pages.Chromium.Program is { } program ? await LargestPaint.MedianAsync(program, port, token) : null;

    private static void Write(DashboardSettings settings, Side[] sides, IReadOnlyList<double> bytes, double json, Threshold[] thresholds)
    {
        var table = Report.Table(
            $"{settings.Users:N0} users, {settings.Connections} connections",
            ["", .. sides.Select(side => side.Name)]
        );
        Row("requests per second", side => $"{side.Median(round => round.Load.PerSecond):N0}");
        Row("p50, ms", side => $"{side.Median(round => round.Load.P50Ms):N2}");
        Row("p95, ms", side => $"{side.Median(round => round.Load.P95Ms):N2}");
        Row("Api, processor µs per request", side => $"{side.Median(round => round.ApiCpu * 1e6 / round.Load.Requests):N0}");
        table.Row($"p95 at {settings.Rate:N0} a second, ms", $"{json:N2}", $"{thresholds[1].Figure:N2}");
        table.Row("bytes, median", "", $"{Report.Median(bytes):N0}");
        Report.Write(table);
        Threshold.Write(thresholds);
        Report.Write(
            new
            {
                Benchmark = "pages",
                PagesPerSecond = Report.Rounded(sides[1].Median(round => round.Load.PerSecond)),
                JsonPerSecond = Report.Rounded(sides[0].Median(round => round.Load.PerSecond)),
                PageP95Ms = Report.Rounded(sides[1].Median(round => round.Load.P95Ms)),
                JsonP95Ms = Report.Rounded(sides[0].Median(round => round.Load.P95Ms)),
                PageBytes = Report.Median(bytes),
                settings.Users,
                settings.Connections,
                settings.Seconds,
                settings.Rounds,
                Spread = Report.Spread(sides[1].Rounds.Select(round => round.Load.PerSecond)),
                Thresholds = thresholds.Select(one => one.ToJson()),
            }
        );

        void Row(string name, Func<Side, string> figure) => table.Row([name, .. sides.Select(figure)]);
    }
}
