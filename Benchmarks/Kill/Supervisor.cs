using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Kill;

/// <summary>The servers and the jobs service: kills them, and starts again what was killed, as a supervisor would.</summary>
internal sealed class Supervisor
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(2);
    private readonly Workbench bench;
    private readonly KillSettings settings;
    private readonly string folder,
        postgresFolder,
        cacheFolder,
        orders;
    private ChildProcess? jobs;

    private Supervisor(
        Workbench bench,
        KillSettings settings,
        string postgresFolder,
        PostgresServer postgres,
        string cacheFolder,
        CacheServer cache
    )
    {
        (this.bench, this.settings, this.postgresFolder, Postgres, this.cacheFolder, Cache) = (
            bench,
            settings,
            postgresFolder,
            postgres,
            cacheFolder,
            cache
        );
        folder = bench.CreateFolder("orders");
        orders = Path.Combine(folder, "order");
    }

    public PostgresServer Postgres { get; private set; }

    public CacheServer Cache { get; private set; }

    public static async Task<Supervisor> StartAsync(Workbench bench, KillSettings settings, CancellationToken ct)
    {
        var (postgresFolder, cacheFolder) = (bench.CreateFolder("postgres"), bench.CreateFolder("cache"));
        var postgres = await bench.StartPostgresAsync(ct, postgresFolder);
        return new(bench, settings, postgresFolder, postgres, cacheFolder, await bench.StartCacheAsync(settings.Cache, ct, cacheFolder));
    }

    public void StartJobsOnce()
    {
        if (jobs is null)
            StartJobs();
    }

    /// <summary>The service, which finds by itself what there is to do.</summary>
    private void StartJobs()
    {
        var environment = Workbench.ServiceEnvironment(Postgres, Cache);
        // Faults are refused in any other.
        environment["DOTNET_ENVIRONMENT"] = "Development";
        environment["Faults__OrderFile"] = orders;
        environment["Schedule__RunAtFirstStart"] = "false";
        environment["Night__BatchSize"] = $"{settings.BatchSize}";
        environment["Night__Workers"] = $"{settings.Workers}";
        jobs = bench.StartProgram([Path.Combine(AppContext.BaseDirectory, "Overnight.Jobs.dll")], _ => { }, environment);
    }

    /// <summary>Has a worker kill the victim when one passes the checkpoint next.</summary>
    /// <returns>Null when the night was over before that.</returns>
    public async Task<(DateTimeOffset At, DateTimeOffset Gone)?> KillAtAsync(
        Victim victim,
        string checkpoint,
        RunRecorder night,
        CancellationToken ct
    )
    {
        var (id, exited) = Find(victim);
        var written = Path.Combine(folder, "written");
        await File.WriteAllTextAsync(written, $"{checkpoint} {id}", ct);
        // Whole from the first moment that anyone can see it.
        File.Move(written, orders, overwrite: true);
        while (File.Exists(orders))
        {
            if (night.IsFinished)
            {
                File.Delete(orders);
                return null;
            }
            await Task.Delay(Interval, ct);
        }
        var at = TimeProvider.System.GetUtcNow();
        await exited.WaitAsync(ct);
        return (at, TimeProvider.System.GetUtcNow());
    }

    /// <summary>Kills the victim whatever the night is at.</summary>
    public async Task<(DateTimeOffset At, DateTimeOffset Gone)> KillNowAsync(Victim victim, CancellationToken ct)
    {
        var at = TimeProvider.System.GetUtcNow();
        if (victim == Victim.Jobs)
            jobs!.Kill();
        else if (victim == Victim.Cache)
            Cache.Kill();
        else
            Postgres.Kill();
        await Find(victim).Exited.WaitAsync(ct);
        return (at, TimeProvider.System.GetUtcNow());
    }

    public async Task RestartAsync(Victim victim, CancellationToken ct)
    {
        if (victim == Victim.Jobs)
            StartJobs();
        else if (victim == Victim.Cache)
            Cache = await bench.StartCacheAsync(Cache.Kind, ct, cacheFolder, Cache.Port);
        else
            Postgres = await bench.StartPostgresAsync(ct, postgresFolder, Postgres.Port);
    }

    /// <exception cref="BenchmarkException">Something ended that nobody killed.</exception>
    public void Check()
    {
        foreach (var victim in Enum.GetValues<Victim>())
        {
            if (Find(victim).Exited.IsCompleted)
                throw new BenchmarkException($"{victim} ended by itself. {LastLines}");
        }
    }

    public string LastLines => $"jobs said last:{Environment.NewLine}{string.Join(Environment.NewLine, jobs?.Tail ?? [])}";

    private (int Id, Task<int> Exited) Find(Victim victim) =>
        victim switch
        {
            Victim.Jobs => (jobs!.Id, jobs.Exited),
            Victim.Cache => (Cache.ProcessId, Cache.Exited),
            _ => (Postgres.ProcessId, Postgres.Exited),
        };
}
