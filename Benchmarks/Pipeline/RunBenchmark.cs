using System.Globalization;
using Npgsql;
using Overnight.Benchmarks.Audit;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>
/// Seeds, runs the baseline when there is one, then the nights, and checks each for completeness before its figure counts.
/// </summary>
internal static class RunBenchmark
{
    /// <summary>So many users shall be computed and cached within so many seconds.</summary>
    private const int ThresholdUsers = 1_000,
        MostSeconds = 1;

    /// <summary>Seconds used; null where the system does not tell.</summary>
    private readonly record struct Processors(double? Jobs, double? Postgres, double? Cache);

    private sealed record Figures(RunBenchmarkRecord Night, double? JobsCpu, double? PostgresCpu, double? CacheCpu);

    public static async Task<int> RunAsync(RunSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var baseline = settings.Against is { } folder ? await RivalPipeline.PrepareAsync(folder, bench, ct) : null;
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        Report.Step(
            $"PostgreSQL and {cache.Kind} run; seeding {settings.Users:N0} users with {DemoDatabase.Holdings} holdings and {DemoDatabase.Criteria} criteria each."
        );
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        if (settings.OldEvents > 0)
            await AuditBenchmark.FillAsync(database, settings.OldEvents, settings.Months, ct);
        using CacheAdmin admin = new(cache);

        double? rival = null;
        if (baseline is not null)
        {
            Report.Step($"Baseline over {settings.BaselineUsers:N0} users ...");
            rival = await baseline.RunAsync(postgres, cache, settings.BaselineUsers, ct);
            Report.Step($"Baseline: {rival:N1} users per second.");
            admin.Empty();
            await DemoDatabase.SettleAsync(database, ct);
        }

        List<Figures> nights = [];
        await using var service = await JobsService.StartAsync(bench, postgres, cache, database, settings.Workers, ct);
        for (var number = 1; number <= settings.Nights; number++)
        {
            if (number > 1)
                await DemoDatabase.SettleAsync(database, ct);
            nights.Add(await MeasureAsync(service, postgres, cache, database, admin, settings, again: number > 1, ct));
            Report.Step($"Night {number}: {nights[^1].Night.Total:N2} s.");
        }
        Tell(settings, cache.Kind, nights, (await service.StopAsync()).PeakMemoryMb, rival);
        return !settings.IsAudited || await CleanAudit.RunAsync(database, cache, ct) ? 0 : 1;
    }

    private static async Task<Figures> MeasureAsync(
        JobsService service,
        PostgresServer postgres,
        CacheServer cache,
        NpgsqlDataSource database,
        CacheAdmin admin,
        RunSettings settings,
        bool again,
        CancellationToken ct
    )
    {
        Processors before = Used(),
            after;
        await service.RunPipelineAsync(again, ct);
        after = Used();
        return new(
            await RunBenchmarkRecord.ReadAsync(database, admin.CountKeys(), settings.Users, ct),
            after.Jobs - before.Jobs,
            after.Postgres - before.Postgres,
            after.Cache - before.Cache
        );

        Processors Used() => new(service.CpuSeconds, ProcessMeter.CpuSeconds(postgres.ProcessId), ProcessMeter.CpuSeconds(cache.ProcessId));
    }

    private static void Tell(RunSettings settings, LocalRedisProgram cache, List<Figures> nights, double memoryMb, double? rival)
    {
        double Rate(Figures figures) => settings.Users / figures.Night.Total;
        var later = nights.Count > 1 ? nights[1..] : nights;
        var median = later.OrderBy(figures => figures.Night.Total).ElementAt(later.Count / 2);
        var night = median.Night;

        var table = Report.Table($"A night over {settings.Users:N0} users, one replica, {cache}", "", "figure");
        table.Row("users per second", $"{Rate(median):N0}");
        if (rival is { } rate)
        {
            table.Row("baseline, users per second", $"{rate:N1}");
            table.Row("ratio", $"{Rate(median) / rate:N0}");
        }
        table.Row("ring to last cache entry", $"{night.Total:N2} s");
        table.Row("  set up (rates, prices, snapshot, plan)", $"{night.SetUp:N2} s");
        table.Row("  users: load, calculate, write, and cache meanwhile", $"{night.Users:N2} s");
        table.Row("    load, calculate, write, summed over workers", $"{night.Work:N2} s");
        table.Row("    cache, summed over workers", $"{night.Cache:N2} s");
        table.Row("  then finalise", $"{night.Finalise:N2} s");
        table.Row("Jobs, peak memory", $"{memoryMb:N0} MB");
        table.Row(
            "processor seconds: Jobs, PostgreSQL, cache",
            $"{Seconds(median.JobsCpu)}, {Seconds(median.PostgresCpu)}, {Seconds(median.CacheCpu)}"
        );
        if (nights.Count > 1)
            table.Row(
                "users per second of each night, the first compiles",
                string.Join(", ", nights.Select(figures => Rate(figures).ToString("N0", CultureInfo.InvariantCulture)))
            );
        Report.Write(table);
        Threshold[] thresholds =
            settings.Users == ThresholdUsers
                ? [new("B7", $"{ThresholdUsers:N0} users computed and cached, ring to last entry", "s", night.Total, MostSeconds)]
                : [];
        if (thresholds.Length > 0)
            Threshold.Write(thresholds);

        Report.Write(
            new
            {
                Benchmark = "night",
                settings.Users,
                settings.OldEvents,
                UsersPerSecond = Report.Rounded(Rate(median)),
                BaselineUsersPerSecond = rival,
                Ratio = rival is { } per ? Report.Rounded(Rate(median) / per) : (double?)null,
                PeakMemoryMb = Report.Rounded(memoryMb),
                Seconds = new
                {
                    Total = Report.Rounded(night.Total),
                    SetUp = Report.Rounded(night.SetUp),
                    FetchRates = Report.Rounded(night.FetchRates),
                    FetchPrices = Report.Rounded(night.FetchPrices),
                    Users = Report.Rounded(night.Users),
                    Work = Report.Rounded(night.Work),
                    Cache = Report.Rounded(night.Cache),
                    Finalise = Report.Rounded(night.Finalise),
                },
                CpuSeconds = new
                {
                    Jobs = median.JobsCpu,
                    Postgres = median.PostgresCpu,
                    Cache = median.CacheCpu,
                },
                Nights = nights.Select(figures => Report.Rounded(Rate(figures))),
                Rounds = later.Count,
                Spread = Report.Spread(later.Select(Rate)),
                Thresholds = thresholds.Select(one => one.ToJson()),
                Cache = cache.ToString(),
            }
        );
    }

    private static string Seconds(double? cpu) => cpu is { } seconds ? $"{seconds:N1}" : "?";
}
