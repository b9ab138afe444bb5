using Npgsql;
using Overnight.Auditor;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Kill;

/// <summary>Seeds, runs the series of kills one after the other, and fails when any of them cost more than it may.</summary>
internal static class KillBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

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
        var isRight = await AuditAsync(database, supervisor.Cache, ct);
        return KillReport.Tell(settings, supervisor.Cache.Kind, rows) is var code && isRight ? code : 1;
    }

    /// <summary>Asks a program that shares no code with the product whether all nights are as they must be.</summary>
    private static async Task<bool> AuditAsync(NpgsqlDataSource database, CacheServer cache, CancellationToken ct)
    {
        var audit = await DatabaseAudit.RunAsync(database, new(Patience, cache.ConnectionString), ct);
        foreach (var finding in audit.Findings)
            Report.Step($"{finding}");
        Report.Step(
            $"Audited {audit.Runs:N0} nights with {audit.Results:N0} results, {audit.Events:N0} events and {audit.CacheEntries:N0} cached entries: {audit.Count:N0} findings."
        );
        return audit is { Count: 0, IsWhole: true };
    }
}
