using System.Diagnostics;
using System.Net.Http.Headers;
using Npgsql;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Sessions;

namespace Overnight.Benchmarks.Audit;

/// <summary>Years of old nights, one real night on top of them, then each question in turn, as an administrator asks it.</summary>
internal static class AuditBenchmark
{
    /// <summary>What a first page may take, in milliseconds (issue: under 50 at 10 million events).</summary>
    private const double LimitMs = 50;

    private const int Nights = 21;

    private sealed record Measured(string Query, double FirstMs, double MedianMs, double MaxMs, int Bytes);

    public static async Task<int> RunAsync(AuditSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        await using var database = await DemoDatabase.CreateAsync(
            postgres,
            Math.Max(100, settings.Events / 4 / (settings.Months * Nights)),
            ct
        );
        var history = await FillAsync(database, settings.Events, settings.Months, ct);
        await JobsProcess.RunAsync(bench, postgres, cache, ct);
        await DemoDatabase.SettleAsync(database, ct);

        var folder = bench.CreateFolder("audit");
        var answer = Path.Combine(folder, "answer.json");
        await File.WriteAllTextAsync(answer, "{}", ct);
        var api = await ApiProcess.StartAsync(bench, postgres, cache, answer, Path.Combine(folder, "plan"), ct);
        using HttpClient http = new() { BaseAddress = new($"http://127.0.0.1:{api.Port}") };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await SignInAsync(database, ct));

        List<Measured> pages = [];
        foreach (var (query, path) in await QuestionsAsync(database, settings, history, ct))
            pages.Add(await MeasureAsync(http, query, path, settings.Repeats, ct));
        Tell(settings, history, pages);
        return 0;
    }

    /// <summary>Also for other benchmarks that want history to be there.</summary>
    public static async Task<OldHistory> FillAsync(NpgsqlDataSource database, long events, int months, CancellationToken ct)
    {
        Report.Step($"Writing {events:N0} events of old nights over {months} months ...");
        var told = 0;
        Progress progress = new(p =>
        {
            if (p.Done * 10 / p.Total == told)
                return;
            told = p.Done * 10 / p.Total;
            Report.Step($"  {p.Done:N0} of {p.Total:N0} nights");
        });
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var history = await new AuditHistory(database).FillAsync(events, months, today, progress, ct);
        Report.Step($"{history.Events:N0} events of {history.Nights:N0} nights over {history.UsersPerNight:N0} users; settling.");
        await DemoDatabase.SettleAsync(database, ct);
        return history;
    }

    private static async Task<List<(string Query, string Path)>> QuestionsAsync(
        NpgsqlDataSource database,
        AuditSettings settings,
        OldHistory history,
        CancellationToken ct
    )
    {
        await using var command = database.CreateCommand(
            "select id from overnight_job_runs where job_type = 'scoring' order by started_at desc limit 1"
        );
        var night = (Guid)(await command.ExecuteScalarAsync(ct))!;
        var middle = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime).AddDays(-settings.Months * 15);
        return
        [
            ("runs", "/api/runs"),
            ("runs of a market and status", "/api/runs?market=NYSE&status=completed"),
            ("runs of a day", $"/api/runs?date={middle:yyyy-MM-dd}"),
            ("a run", $"/api/runs/{history.LastRun}"),
            ("failures of a run", $"/api/runs/{history.LastRun}/failures"),
            ("calculations of a user", $"/api/calculations?user={history.User}"),
            ("calculations of a user of the older half", $"/api/calculations?user={history.User}&until={middle:yyyy-MM-dd}"),
            ("calculations of a user who has none", $"/api/calculations?user={Guid.Empty}"),
            ("calculations with an asset", $"/api/calculations?asset={history.Asset}"),
            ("calculations with an asset of the older half", $"/api/calculations?asset={history.Asset}&until={middle:yyyy-MM-dd}"),
            ("calculations of a run", $"/api/calculations?run={history.LastRun}"),
            ("a calculation in full", $"/api/calculations/{night}/{history.User}"),
        ];
    }

    private static async Task<Measured> MeasureAsync(HttpClient http, string query, string path, int repeats, CancellationToken ct)
    {
        List<double> times = [];
        var bytes = 0;
        // One more, which is told apart: the first finds connection, code and pages cold.
        for (var i = 0; i <= repeats; i++)
        {
            var begin = Stopwatch.GetTimestamp();
            using var response = await http.GetAsync(path, ct);
            bytes = (await response.Content.ReadAsByteArrayAsync(ct)).Length;
            times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            if (!response.IsSuccessStatusCode)
                throw new BenchmarkException($"{path} answered {(int)response.StatusCode}; there is no figure to believe.");
        }
        return new(query, times[0], Report.Median(times.Skip(1)), times.Skip(1).Max(), bytes);
    }

    private static async Task<string> SignInAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        var token = SessionToken.Create();
        if (!SessionToken.TryHash(token, out var hash))
            throw new InvalidOperationException("A token just made can't be hashed.");
        await using var command = database.CreateCommand(
            "insert into sessions (token_hash, user_id, expires_at) select $1, id, now() + interval '1 day' from users where role = 'admin' limit 1"
        );
        command.Parameters.Add(new() { Value = hash });
        await command.ExecuteNonQueryAsync(ct);
        return token;
    }

    private static void Tell(AuditSettings settings, OldHistory history, List<Measured> pages)
    {
        var slowest = pages.Max(p => p.MedianMs);
        var table = Report.Table(
            $"First pages over {history.Events:N0} events in {settings.Months} months",
            "",
            "p50, ms",
            "max, ms",
            "first, ms",
            "bytes"
        );
        foreach (var page in pages)
            table.Row(page.Query, $"{page.MedianMs:N1}", $"{page.MaxMs:N1}", $"{page.FirstMs:N1}", $"{page.Bytes:N0}");
        table.Row("limit", $"{LimitMs:N1}", "", "", "");
        Report.Write(table);
        Report.Write(
            new
            {
                Benchmark = "audit",
                Ratio = Report.Rounded(slowest / LimitMs),
                history.Events,
                settings.Months,
                Pages = pages.Select(p => new
                {
                    p.Query,
                    FirstPageMs = Report.Rounded(p.MedianMs),
                    MaxMs = Report.Rounded(p.MaxMs),
                    ColdMs = Report.Rounded(p.FirstMs),
                }),
            }
        );
    }

    /// <summary>Told on the thread that makes it.</summary>
    private sealed class Progress(Action<(int Done, int Total)> tell) : IProgress<(int Done, int Total)>
    {
        public void Report((int Done, int Total) value) => tell(value);
    }
}
