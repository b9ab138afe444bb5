using System.Diagnostics;
using Overnight.Benchmarks.Dashboard;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Recovery;

/// <summary>The same loss of everything twice: with the service's warming, and with warming switched off.</summary>
internal sealed class RecoveryBenchmark(
    Workbench bench,
    RecoverySettings settings,
    PostgresServer postgres,
    QueryCounter counter,
    WarmWatch warms,
    IReadOnlyList<string> tokens
)
{
    /// <summary>Fewer queries than without warming, at least; and seconds until the hit rate is back, at most (issue 4).</summary>
    private const double LeastSaved = 0.7,
        MostSeconds = 30;

    /// <summary>Before the loss: compiled, connected, and then as many seconds to see what is asked anyway.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8),
        Before = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    public static async Task<int> RunAsync(RecoverySettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var postgres = await QueryCounter.StartServerAsync(bench, ct);
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        await DemoTenantsAndFlags.AddAsync(database, settings.Tenants, settings.Flags, ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        await JobsProcess.RunAsync(bench, postgres, cache, ct);
        await JobsProcess.CommandAsync(bench, postgres, cache, ["warm"], null, ct);
        await cache.StopAsync();
        var plan = Path.Combine(bench.CreateFolder("sessions"), "plan");
        await SessionSeed.CreateAsync(database, plan, ct);
        await DemoDatabase.SettleAsync(database, ct);

        RecoveryBenchmark benchmark = new(
            bench,
            settings,
            postgres,
            await QueryCounter.CreateAsync(database, ct),
            new(database),
            await MixedReads.TokensAsync(plan, ct)
        );
        // Warming first: what PostgreSQL keeps in memory afterwards is to the advantage of the other.
        var warming = await benchmark.RecoverAsync(isWarming: true, ct);
        var without = await benchmark.RecoverAsync(isWarming: false, ct);
        benchmark.Tell(warming, without, cache.Kind);
        return 0;
    }

    private async Task<RecoveryFigures> RecoverAsync(bool isWarming, CancellationToken ct)
    {
        var folder = bench.CreateFolder("cache");
        var cache = await bench.StartCacheAsync(settings.Cache, ct, folder);
        Dictionary<string, string?> warming = new() { ["Warming__Enabled"] = isWarming ? "true" : "false" };
        if (settings.Sessions is { } sessions)
            warming["Warming__Sessions__Count"] = $"{sessions}";
        if (!isWarming)
            await JobsProcess.CommandAsync(bench, postgres, cache, ["warm"], warming, ct);
        var started = TimeProvider.System.GetUtcNow();
        await using var jobs = JobsProcess.StartService(bench, postgres, cache, warming);
        // The service has warmed before, as one that is up: an empty cache, by itself.
        if (isWarming)
            await warms.WholeAsync(started, ct);
        var api = await ApiProcess.StartAsync(bench, postgres, cache, null, null, ct);

        MixedReads reads = new(tokens, settings.Flags);
        await using OpenLoopLoad load = new(api.Port, settings.Rate, reads.Next);
        await Task.Delay(WarmUp, ct);
        await counter.BeginAsync(ct);
        var before = Stopwatch.GetTimestamp();
        await Task.Delay(Before, ct);
        var perSecond = await counter.ReadAsync(ct) / Stopwatch.GetElapsedTime(before).TotalSeconds;
        Check(load.Answers, before, jobs);

        await counter.BeginAsync(ct);
        var (stopped, stoppedAt) = (Stopwatch.GetTimestamp(), TimeProvider.System.GetUtcNow());
        await cache.StopAsync();
        await bench.StartCacheAsync(cache.Kind, ct, folder, cache.Port);
        Report.Step(
            $"{(isWarming ? "With warming" : "Warming off")}: the cache server was away for {Stopwatch.GetElapsedTime(stopped).TotalMilliseconds:N0} ms, and is empty."
        );
        await Task.Delay(TimeSpan.FromSeconds(settings.Seconds) - Stopwatch.GetElapsedTime(stopped), ct);
        var queries = await counter.ReadAsync(ct);
        if (await warms.TimesAsync(stoppedAt, ct) is { } times)
            Report.Step($"Warming began {times.Began:N0} ms after the stop, and ended after {times.Ended:N0} ms.");
        foreach (var (calls, query) in await counter.FrequentAsync(ct))
            Report.Step($"  {calls, 6:N0} x {query}");

        var answers = await load.StopAsync();
        await api.StopAsync(StopLimit);
        await jobs.StopAsync(StopLimit);
        return RecoveryFigures.Of(answers, stopped, settings.Seconds, queries, perSecond * settings.Seconds);
    }

    /// <exception cref="BenchmarkException">Reads fail or miss before anything was lost: there is no figure to believe.</exception>
    private static void Check(IReadOnlyList<PacedAnswer> answers, long since, ChildProcess jobs)
    {
        if (jobs.Exited.IsCompleted)
            throw new BenchmarkException($"jobs ended by itself: {string.Join(Environment.NewLine, jobs.Tail)}");
        if (answers.FirstOrDefault(answer => answer.Error is not null) is { Error: { } error })
            throw new BenchmarkException($"A read failed before the cache was stopped: {error}");
        var rate = answers.Where(answer => answer.Sent >= since).ToArray().HitRate();
        if (rate < RecoveryFigures.Back)
            throw new BenchmarkException($"The hit rate is {rate:P1} before the cache was stopped; there is nothing to get back to.");
    }

    private void Tell(RecoveryFigures warming, RecoveryFigures without, LocalRedisProgram kind)
    {
        var saved = 1 - (double)warming.Queries / without.Queries;
        var table = Report.Table(
            $"{kind} stopped with all its data and started empty: {settings.Users:N0} users, {settings.Tenants:N0} tenants, {settings.Rate:N0} reads per second, {settings.Seconds} s",
            "",
            "with warming",
            "warming off",
            "limit"
        );
        Row("reads", r => $"{r.Reads:N0}");
        Row("errors that reached a client", r => $"{r.Errors:N0}", "0");
        Row(
            $"seconds until the hit rate was over {RecoveryFigures.Back:P0}",
            r => r.BackSeconds is { } seconds ? $"{seconds:N1}" : $"more than {settings.Seconds}",
            $"{MostSeconds:N0}"
        );
        Row("hit rate, whole window", r => $"{r.HitRate:P1}");
        Row($"database queries: {counter.Unit}", r => $"{r.Queries:N0}");
        Row("  with a full cache, as long", r => $"{r.QueriesBefore:N0}");
        table.Row("  fewer with warming", $"{saved:P0}", "", $"{LeastSaved:P0}");
        Row("p99, ms", r => $"{r.P99Ms:N1}");
        Report.Write(table);
        foreach (var error in new[] { warming.FirstError, without.FirstError }.OfType<string>())
            Report.Step($"An error: {error}");
        Report.Write(
            new
            {
                Benchmark = "recovery",
                Ratio = Report.Rounded(saved),
                settings.Users,
                settings.Tenants,
                settings.Flags,
                settings.Rate,
                settings.Seconds,
                Unit = counter.Unit,
                Warming = Figures(warming),
                Without = Figures(without),
                Cache = kind.ToString(),
            }
        );

        void Row(string name, Func<RecoveryFigures, string> figure, string limit = "") =>
            table.Row(name, figure(warming), figure(without), limit);
        static object Figures(RecoveryFigures r) =>
            new
            {
                r.Reads,
                r.Errors,
                r.BackSeconds,
                HitRate = Report.Rounded(r.HitRate),
                r.Queries,
                QueriesBefore = Report.Rounded(r.QueriesBefore),
                P99Ms = Report.Rounded(r.P99Ms),
            };
    }
}
