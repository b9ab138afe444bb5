using System.Diagnostics;
using Npgsql;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Recovery;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// Dashboards at a fixed rate: while nothing else happens, and while <c>jobs warm recommendations</c> writes every user's two entries.
/// </summary>
internal static class DashboardWhileWarming
{
    /// <summary>p99 while warming to p99 while idle, at most (issue 4).</summary>
    private const double MostRatio = 3;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);

    /// <summary>From the run's own row: the command takes a while to start, and that is no warm.</summary>
    private const string LastWarm =
        "select extract(epoch from now() - started_at)::float8, extract(epoch from now() - completed_at)::float8 from overnight_job_runs where job_type = 'cache-warm' order by started_at desc limit 1";

    /// <param name="CommandP99">Of all reads while the command ran, its start included.</param>
    private sealed record Round(double IdleP50, double IdleP99, double P50, double P99, double CommandP99, int Reads, double WarmSeconds)
    {
        public double Ratio => P99 / IdleP99;
    }

    public static async Task<int> RunAsync(DashboardSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        await using var environment = await DashboardEnvironment.CreateAsync(bench, settings, ct);
        var api = await environment.StartApiAsync(null, ct);
        var tokens = await MixedReads.TokensAsync(environment.Plan, ct);
        UserMix users = new(tokens.Count, seed: 1);
        await environment.WarmSessionsAsync();
        await ReadAsync(() => Task.Delay(WarmUp, ct));

        List<Round> rounds = [];
        for (var round = 0; round < settings.Rounds; round++)
        {
            await environment.WarmSessionsAsync();
            var idle = await ReadAsync(() => Task.Delay(TimeSpan.FromSeconds(settings.Seconds), ct));
            var command = await ReadAsync(() =>
                JobsProcess.CommandAsync(bench, environment.Postgres, environment.Cache, ["warm", "recommendations"], null, ct)
            );
            var (from, to) = await LastWarmAsync(environment.Database, ct);
            var busy = command.Where(answer => answer.Sent >= from && answer.Sent < to).ToArray();
            rounds.Add(
                new(
                    idle.Percentile(0.5),
                    idle.Percentile(0.99),
                    busy.Percentile(0.5),
                    busy.Percentile(0.99),
                    command.Percentile(0.99),
                    busy.Length,
                    Stopwatch.GetElapsedTime(from, to).TotalSeconds
                )
            );
            Report.Step(
                $"Round {round + 1}: p99 {rounds[^1].IdleP99:N2} ms idle, {rounds[^1].P99:N2} ms in {rounds[^1].WarmSeconds:N1} s of warming."
            );
        }
        Tell(settings, rounds);
        return 0;

        async Task<IReadOnlyList<PacedAnswer>> ReadAsync(Func<Task> meanwhile)
        {
            await using OpenLoopLoad load = new(api.Port, settings.Rate, () =>
                new(ReadKind.Dashboard, "/api/dashboard", tokens[users.Next()])
            );
            await meanwhile();
            var answers = await load.StopAsync();
            if (answers.FirstOrDefault(answer => answer.Error is not null) is { Error: { } error })
                throw new BenchmarkException($"A read failed: {error}");
            return answers.HitRate() == 1
                ? answers
                : throw new BenchmarkException(
                    $"{answers.Count(answer => !answer.FromCache)} of {answers.Count} answers did not come from the cache."
                );
        }
    }

    /// <returns>When it began and ended, as <see cref="Stopwatch"/> has it.</returns>
    private static async Task<(long From, long To)> LastWarmAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.CreateCommand(LastWarm);
        await using var row = await command.ExecuteReaderAsync(ct);
        var now = Stopwatch.GetTimestamp();
        if (!await row.ReadAsync(ct))
            throw new BenchmarkException("jobs warm left no run.");
        return (now - (long)(row.GetDouble(0) * Stopwatch.Frequency), now - (long)(row.GetDouble(1) * Stopwatch.Frequency));
    }

    private static void Tell(DashboardSettings settings, List<Round> rounds)
    {
        var table = Report.Table(
            $"Dashboards at {settings.Rate:N0} a second, {settings.Users:N0} users, while {2L * settings.Users:N0} entries are warmed",
            "",
            "idle",
            "while warming",
            "limit"
        );
        table.Row("p50, ms", $"{Median(r => r.IdleP50):N2}", $"{Median(r => r.P50):N2}", "");
        table.Row("p99, ms", $"{Median(r => r.IdleP99):N2}", $"{Median(r => r.P99):N2}", "");
        table.Row("ratio of p99, median of rounds", "", $"{Median(r => r.Ratio):N2}", $"{MostRatio:N0}");
        table.Row("reads of a round while warming", "", $"{Median(r => r.Reads):N0}", "");
        table.Row("the warm took", "", $"{Median(r => r.WarmSeconds):N1} s", "");
        table.Row("p99 of the whole command, its start included, ms", "", $"{Median(r => r.CommandP99):N2}", "");
        Report.Write(table);
        Report.Write(
            new
            {
                Benchmark = "dashboard-while-warming",
                Ratio = Report.Rounded(Median(r => r.Ratio)),
                IdleP99Ms = Report.Rounded(Median(r => r.IdleP99)),
                P99Ms = Report.Rounded(Median(r => r.P99)),
                IdleP50Ms = Report.Rounded(Median(r => r.IdleP50)),
                P50Ms = Report.Rounded(Median(r => r.P50)),
                CommandP99Ms = Report.Rounded(Median(r => r.CommandP99)),
                WarmSeconds = Report.Rounded(Median(r => r.WarmSeconds)),
                Ratios = rounds.Select(r => Report.Rounded(r.Ratio)),
                Entries = 2L * settings.Users,
                settings.Users,
                settings.Rate,
                settings.Seconds,
                Topology = $"{settings.Topology}",
                settings.Rounds,
                Spread = Report.Spread(rounds.Select(r => r.Ratio)),
            }
        );

        double Median(Func<Round, double> figure) => Report.Median(rounds.Select(figure));
    }
}
