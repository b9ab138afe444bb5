using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Kill;

/// <summary>Seeds, runs the series of kills one after the other, and fails when any of them cost more than it may.</summary>
internal static class KillBenchmark
{
    public static async Task<int> RunAsync(KillSettings settings, CancellationToken ct)
    {
        await using var bench = new Workbench();
        var supervisor = await Supervisor.StartAsync(bench, settings, ct);
        Report.Step($"PostgreSQL and {supervisor.Cache.Kind} run; seeding {settings.Users:N0} users.");
        await (await DemoDatabase.CreateAsync(supervisor.Postgres, settings.Users, ct)).DisposeAsync();
        // A pool would keep connections to a server that was killed.
        await using var database = NpgsqlDataSource.Create(
            supervisor.Postgres.ConnectionString(Workbench.Database) + ";Pooling=false;Command Timeout=120"
        );
        KillRunner runner = new(settings, supervisor, database, DemoDatabase.Runs(database));

        List<KillRow> rows = [];
        foreach (var series in KillSeries.Plan(settings))
        {
            KillRow row = new(series, await runner.RunAsync(series, ct));
            rows.Add(row);
            Report.Step(
                $"{row.Kills} kills of {series.Victim}, {series.Where}: {row.Duplicates} duplicates, {row.Losses} losses, going on after {row.MedianResume:N2} s."
            );
        }
        var isRight = await CleanAudit.RunAsync(database, supervisor.Cache, ct);
        return KillReport.Tell(settings, supervisor.Cache.Kind, rows) is var code && isRight ? code : 1;
    }
}
