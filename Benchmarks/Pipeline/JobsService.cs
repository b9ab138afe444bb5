using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Runs;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>One replica of jobs, up and waiting as a ring finds it; it does one night after the other.</summary>
internal sealed class JobsService : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20),
        StartLimit = TimeSpan.FromMinutes(1);

    private const string Listens =
        "select exists (select from pg_stat_activity where datname = current_database() and query ilike 'listen %')";

    private const string IsOver = """
        select completed_at is not null and not exists (select from run_batches b where b.run_id = r.id and b.status = 'done' and b.cached_at is null)
        from overnight_job_runs r where id = $1
        """;

    private readonly NpgsqlDataSource database;
    private readonly RunStore runs;
    private readonly ChildProcess jobs;
    private readonly Task<ProcessUsage> watching;

    private JobsService(NpgsqlDataSource database, RunStore runs, ChildProcess jobs)
    {
        (this.database, this.runs, this.jobs) = (database, runs, jobs);
        watching = ProcessMeter.WatchAsync(jobs.Id, jobs.Exited);
    }

    public double? CpuSeconds => ProcessMeter.CpuSeconds(jobs.Id);

    /// <param name="workers">Null for the product's own choice.</param>
    /// <param name="folder">Of the program, when it is another than that beside this one.</param>
    public static async Task<JobsService> StartAsync(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        NpgsqlDataSource database,
        int? workers,
        CancellationToken ct,
        string? folder = null
    )
    {
        // The night by itself: no other work of the service beside it.
        Dictionary<string, string?> environment = new()
        {
            ["ConnectionStrings__overnight"] = postgres.ConnectionString(
                new NpgsqlConnectionStringBuilder(database.ConnectionString).Database!
            ),
            ["Schedule__RunAtFirstStart"] = "false",
            ["Warming__Enabled"] = "false",
        };
        if (workers is { } count)
            environment["Night__Workers"] = $"{count}";
        JobsService service = new(
            database,
            DemoDatabase.Runs(database),
            JobsProcess.StartService(bench, postgres, cache, environment, folder)
        );
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(StartLimit);
        while (!await service.IsTrueAsync(Listens, null, limit.Token))
            await service.PauseAsync(limit.Token);
        return service;
    }

    /// <summary>Rings, and waits until the night is over and in the cache.</summary>
    /// <param name="again">The next revision of a night that is done.</param>
    public async Task RunPipelineAsync(bool again, CancellationToken ct)
    {
        var run = await runs.StartPipelineAsync(again, ct);
        while (!await IsTrueAsync(IsOver, run.Id, ct))
            await PauseAsync(ct);
    }

    /// <returns>Of its whole life.</returns>
    public async Task<ProcessUsage> StopAsync()
    {
        await jobs.StopAsync(JobsProcess.StopLimit);
        return await watching;
    }

    public ValueTask DisposeAsync() => jobs.DisposeAsync();

    private async Task<bool> IsTrueAsync(string sql, Guid? run, CancellationToken ct)
    {
        await using var command = database.CreateCommand(sql);
        if (run is { } id)
            command.Parameters.Add(new() { Value = id });
        return await command.ExecuteScalarAsync(ct) is true;
    }

    private async Task PauseAsync(CancellationToken ct)
    {
        if (jobs.Exited.IsCompleted)
            throw new BenchmarkException(
                $"jobs ended by itself. It said last:{Environment.NewLine}{string.Join(Environment.NewLine, jobs.Tail)}"
            );
        await Task.Delay(Interval, ct);
    }
}
