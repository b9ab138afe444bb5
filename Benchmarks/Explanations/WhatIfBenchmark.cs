using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Npgsql;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Sessions;

namespace Overnight.Benchmarks.Explanations;

/// <summary>
/// One night, then what-ifs of one user after the other by one client. The time of an answer is the client's, from the request to the last
/// byte, which is the server's and a little more. Cold is an api that keeps no snapshot in memory, so that each request loads it.
/// </summary>
internal static class WhatIfBenchmark
{
    private const double WarmLimitMs = 10,
        ColdLimitMs = 100;

    private const string Path = "/api/what-if";

    private sealed record Side(string Name, double MedianMs, double P95Ms, double MaxMs, double? LimitMs);

    public static async Task<int> RunAsync(WhatIfSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        await JobsProcess.RunAsync(bench, postgres, cache, ct);
        await DemoDatabase.SettleAsync(database, ct);
        var (run, tokens) = await SignInAsync(database, ct);

        List<Side> sides = [];
        var warm = await ApiProcess.StartAsync(bench, postgres, cache, null, null, ct);
        sides.Add(await MeasureAsync(warm, "what-if, snapshot in memory", settings, tokens, Ask, WarmLimitMs, ct));
        sides.Add(
            await MeasureAsync(warm, "why, snapshot in memory", settings, tokens, _ => Get($"/api/calculations/{run:D}/why"), null, ct)
        );
        await warm.StopAsync(JobsProcess.StopLimit);
        Dictionary<string, string?> without = new() { ["Explanations__SnapshotBytes"] = "0" };
        var cold = await ApiProcess.StartAsync(bench, postgres, cache, null, null, ct, settings: without);
        sides.Add(await MeasureAsync(cold, "what-if, cold", settings, tokens, Ask, ColdLimitMs, ct));
        await cold.StopAsync(JobsProcess.StopLimit);
        return Tell(settings, sides);
    }

    /// <summary>Another contribution each time, so that no answer is the one before.</summary>
    private static HttpRequestMessage Ask(int number) =>
        new(HttpMethod.Post, Path)
        {
            Content = new StringContent($$"""{"contribution":"{{1_000 + number}}.25"}""", Encoding.UTF8, "application/json"),
        };

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path);

    private static async Task<Side> MeasureAsync(
        ApiProcess api,
        string name,
        WhatIfSettings settings,
        List<string> tokens,
        Func<int, HttpRequestMessage> ask,
        double? limit,
        CancellationToken ct
    )
    {
        using HttpClient http = new() { BaseAddress = new($"http://127.0.0.1:{api.Port}") };
        List<double> times = [];
        // As many again before, which find code and pages cold.
        for (var i = -Math.Min(settings.Requests, 200); i < settings.Requests; i++)
        {
            using var request = ask(i);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", tokens[Math.Abs(i) % tokens.Count]);
            var begin = Stopwatch.GetTimestamp();
            using var response = await http.SendAsync(request, ct);
            await response.Content.ReadAsByteArrayAsync(ct);
            if (i >= 0)
                times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            if (!response.IsSuccessStatusCode)
                throw new BenchmarkException($"{request.RequestUri} answered {(int)response.StatusCode}; there is no figure to believe.");
        }
        times.Sort();
        Report.Step($"{name}: {times.Count:N0} answers");
        return new(name, Report.Median(times), times[(int)Math.Ceiling(times.Count * 0.95) - 1], times[^1], limit);
    }

    private static async Task<(Guid Run, List<string> Tokens)> SignInAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        List<Guid> users = [];
        await using (var command = database.CreateCommand("select user_id, run_id from current_results order by user_id limit 1000"))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            while (await reader.ReadAsync(ct))
                users.Add(reader.GetGuid(0));
        }
        await using var night = database.CreateCommand("select run_id from current_results limit 1");
        var run = (Guid)(await night.ExecuteScalarAsync(ct))!;
        List<string> tokens = [];
        foreach (var user in users)
        {
            var token = SessionToken.Create();
            if (!SessionToken.TryHash(token, out var hash))
                throw new InvalidOperationException("A token just made can't be hashed.");
            await using var command = database.CreateCommand(
                "insert into sessions (token_hash, user_id, expires_at) values ($1, $2, now() + interval '1 day')"
            );
            command.Parameters.Add(new() { Value = hash });
            command.Parameters.Add(new() { Value = user });
            await command.ExecuteNonQueryAsync(ct);
            tokens.Add(token);
        }
        return (run, tokens);
    }

    private static int Tell(WhatIfSettings settings, List<Side> sides)
    {
        var table = Report.Table($"What-ifs of {settings.Users:N0} users", "", "p50, ms", "p95, ms", "max, ms");
        foreach (var side in sides)
            table.Row(side.Name, $"{side.MedianMs:N2}", $"{side.P95Ms:N2}", $"{side.MaxMs:N2}");
        Report.Write(table);
        Threshold[] thresholds =
        [
            .. sides
                .Where(side => side.LimitMs is not null)
                .Select(side => new Threshold("C8", $"{side.Name}, p95", "ms", side.P95Ms, side.LimitMs!.Value)),
        ];
        Threshold.Write(thresholds);
        Report.Write(
            new
            {
                Benchmark = "what-if",
                settings.Users,
                settings.Requests,
                Sides = sides.Select(side => new
                {
                    side.Name,
                    MedianMs = Report.Rounded(side.MedianMs),
                    P95Ms = Report.Rounded(side.P95Ms),
                    MaxMs = Report.Rounded(side.MaxMs),
                }),
                Thresholds = thresholds.Select(one => one.ToJson()),
            }
        );
        return Array.TrueForAll(thresholds, one => one.IsMet) ? 0 : 1;
    }
}
