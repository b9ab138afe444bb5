using System.Globalization;
using Npgsql;
using Overnight.LocalServers;
using Overnight.Benchmarks.Audit;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Night;

/// <summary>Seeds, runs the baseline when there is one, then the nights, and checks each for completeness before its figure counts.</summary>
internal static class NightBenchmark
{
    private sealed record Figures(NightRecord Night, ProcessUsage Jobs, double? PostgresCpu, double? CacheCpu);

    public static async Task<int> RunAsync(NightSettings settings, CancellationToken ct)
    {
        await using var bench = await Workbench.CreateAsync();
        var baseline = settings.Against is { } folder ? await Baseline.PrepareAsync(folder, bench, ct) : null;
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Cache, ct);
        Report.Step($"PostgreSQL and {cache.Kind} run; seeding {settings.Users:N0} users with {DemoDatabase.Holdings} holdings and {DemoDatabase.Criteria} criteria each.");
        await using var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        if (settings.OldEvents > 0) await AuditBenchmark.FillAsync(database, settings.OldEvents, settings.Months, ct);
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
        for (var revision = 1; revision <= settings.Revisions; revision++)
        {
            nights.Add(await MeasureAsync(bench, postgres, cache, database, admin, settings, revision, ct));
            if (revision < settings.Revisions) await DemoDatabase.SettleAsync(database, ct);
        }
        Tell(settings, cache.Kind, nights, rival);
        return 0;
    }

    private static async Task<Figures> MeasureAsync(
        Workbench bench, PostgresServer postgres, CacheServer cache, NpgsqlDataSource database, CacheAdmin admin, NightSettings settings, int revision, CancellationToken ct)
    {
        var (postgresBefore, cacheBefore) = (ProcessMeter.CpuSeconds(postgres.ProcessId), ProcessMeter.CpuSeconds(cache.ProcessId));
        var jobs = await JobsProcess.RunAsync(bench, postgres, cache, settings.Workers, again: revision > 1, ct);
        var (postgresAfter, cacheAfter) = (ProcessMeter.CpuSeconds(postgres.ProcessId), ProcessMeter.CpuSeconds(cache.ProcessId));
        var night = await NightRecord.ReadAsync(database, admin.CountKeys(), settings.Users, ct);
        return new(night, jobs, postgresAfter - postgresBefore, cacheAfter - cacheBefore);
    }

    private static void Tell(NightSettings settings, CacheKind cache, List<Figures> nights, double? rival)
    {
        double Rate(Figures figures) => settings.Users / figures.Night.Total;
        var median = nights.OrderBy(figures => figures.Night.Total).ElementAt(nights.Count / 2);
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
        table.Row("Jobs, peak memory", $"{median.Jobs.PeakMemoryMb:N0} MB");
        table.Row("processor seconds: Jobs, PostgreSQL, cache", $"{Seconds(median.Jobs.CpuSeconds)}, {Seconds(median.PostgresCpu)}, {Seconds(median.CacheCpu)}");
        if (nights.Count > 1) table.Row("users per second of each night", string.Join(", ", nights.Select(figures => Rate(figures).ToString("N0", CultureInfo.InvariantCulture))));
        Report.Write(table);

        Report.Write(new
        {
            Benchmark = "night",
            settings.Users,
            settings.OldEvents,
            UsersPerSecond = Report.Rounded(Rate(median)),
            BaselineUsersPerSecond = rival,
            Ratio = rival is { } per ? Report.Rounded(Rate(median) / per) : (double?)null,
            PeakMemoryMb = Report.Rounded(nights.Max(figures => figures.Jobs.PeakMemoryMb)),
            Seconds = new
            {
                Total = Report.Rounded(night.Total), SetUp = Report.Rounded(night.SetUp), FetchRates = Report.Rounded(night.FetchRates), FetchPrices = Report.Rounded(night.FetchPrices),
                Users = Report.Rounded(night.Users), Work = Report.Rounded(night.Work), Cache = Report.Rounded(night.Cache), Finalise = Report.Rounded(night.Finalise),
            },
            CpuSeconds = new { Jobs = median.Jobs.CpuSeconds, Postgres = median.PostgresCpu, Cache = median.CacheCpu },
            Nights = nights.Select(figures => Report.Rounded(Rate(figures))),
            Cache = cache.ToString(),
        });
    }

    private static string Seconds(double? cpu) => cpu is { } seconds ? $"{seconds:N1}" : "?";
}
