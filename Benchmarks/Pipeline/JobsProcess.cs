using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>Jobs as a user starts it, a process of its own: a night by <c>jobs run</c>, another command, or the service.</summary>
internal static class JobsProcess
{
    public static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    public static Task<ProcessUsage> RunAsync(Workbench bench, PostgresServer postgres, CacheServer cache, CancellationToken ct) =>
        CommandAsync(bench, postgres, cache, ["run"], null, ct);

    /// <param name="environment">Beside what every service finds.</param>
    public static async Task<ProcessUsage> CommandAsync(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        string[] arguments,
        Dictionary<string, string?>? environment,
        CancellationToken ct
    )
    {
        await using var jobs = Start(bench, postgres, cache, arguments, Report.Step, environment);
        var watching = ProcessMeter.WatchAsync(jobs.Id, jobs.Exited);
        try
        {
            var code = await jobs.Exited.WaitAsync(ct);
            if (code != 0)
                throw new BenchmarkException(
                    $"jobs {string.Join(' ', arguments)} ended with exit code {code}; what it said last is above."
                );
        }
        catch (OperationCanceledException)
        {
            await jobs.StopAsync(StopLimit);
            throw;
        }
        return await watching;
    }

    /// <summary>The service, which finds by itself what there is to do.</summary>
    /// <param name="folder">Where the program is; beside this one when left out.</param>
    public static ChildProcess StartService(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        Dictionary<string, string?>? environment,
        string? folder = null
    ) => Start(bench, postgres, cache, [], _ => { }, environment, folder);

    private static ChildProcess Start(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        string[] arguments,
        Action<string> line,
        Dictionary<string, string?>? more,
        string? folder = null
    )
    {
        var environment = Workbench.ServiceEnvironment(postgres, cache);
        foreach (var (name, value) in more ?? [])
            environment[name] = value;
        return bench.StartProgram(
            [Path.Combine(folder ?? AppContext.BaseDirectory, "Overnight.Jobs.dll"), .. arguments],
            line,
            environment
        );
    }
}
