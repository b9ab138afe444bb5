using Overnight.LocalServers;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;

namespace Overnight.Benchmarks.Night;

/// <summary>A night as a user starts one: <c>jobs run</c>, a process of its own.</summary>
internal static class JobsProcess
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    /// <param name="again">The next revision of a night that is done.</param>
    public static async Task<ProcessUsage> RunAsync(Workbench bench, PostgresServer postgres, CacheServer cache, int? workers, bool again, CancellationToken ct)
    {
        var environment = Workbench.ServiceEnvironment(postgres, cache);
        if (workers is { } count) environment["Night__Workers"] = $"{count}";
        await using var jobs = bench.StartProgram([Path.Combine(AppContext.BaseDirectory, "Overnight.Jobs.dll"), "run", .. again ? ["--again"] : (string[])[]], Report.Step, environment);
        var watching = ProcessMeter.WatchAsync(jobs.Id, jobs.Exited);
        try
        {
            var code = await jobs.Exited.WaitAsync(ct);
            if (code != 0) throw new BenchmarkException($"jobs run ended with exit code {code}; what it said last is above.");
        }
        catch (OperationCanceledException)
        {
            await jobs.StopAsync(StopLimit);
            throw;
        }
        return await watching;
    }
}
