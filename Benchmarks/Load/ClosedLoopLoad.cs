using System.Diagnostics;
using Overnight.Benchmarks.Reporting;

namespace Overnight.Benchmarks.Load;

/// <param name="Requests">Answered with 200 before the time was up.</param>
/// <param name="FromCache">Of those, how many said <c>"fromCache":true</c> and named the user whose token was sent.</param>
internal sealed record LoadFigures(
    long Requests,
    long FromCache,
    double Seconds,
    double P50Ms,
    double P95Ms,
    double P99Ms,
    double CpuSeconds
)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>
/// A closed loop on each connection: the next request goes when the answer is there. All connections are served by one thread of the
/// socket engine, see <see cref="Environment"/>; per request that is one send, one or two receives and a search for two headers.
/// </summary>
internal static class ClosedLoopLoad
{
    /// <summary>What the generator's process needs: answers are handled where they are noticed, without a hop to another thread.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Environment = new Dictionary<string, string?>
    {
        ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1",
        ["DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"] = "1",
        ["DOTNET_TieredPGO"] = "0",
    };

    public static async Task<LoadFigures> RunAsync(
        UserRequests plan,
        int port,
        int connections,
        TimeSpan duration,
        int seed,
        CancellationToken ct
    )
    {
        var deadline = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        var all = Enumerable
            .Range(0, connections)
            .Select(n => new LoadConnection(plan, new(plan.Users, seed * connections + n + 1), deadline))
            .ToArray();
        try
        {
            foreach (var connection in all)
                connection.Connect(port);
            var begin = Stopwatch.GetTimestamp();
            foreach (var connection in all)
                connection.Start();
            await Task.WhenAll(all.Select(connection => connection.Done)).WaitAsync(duration + TimeSpan.FromSeconds(10), ct);
            var seconds = (double)(deadline - begin) / Stopwatch.Frequency;
            var latencies = LoadConnection.CreateHistogram();
            foreach (var connection in all)
                latencies.Add(connection.Latencies);
            if (latencies.TotalCount == 0)
                throw new BenchmarkException($"Nothing was answered within {duration.TotalSeconds} s.");
            return new(
                latencies.TotalCount,
                all.Sum(connection => connection.FromCache),
                seconds,
                Milliseconds(latencies.GetValueAtPercentile(50)),
                Milliseconds(latencies.GetValueAtPercentile(95)),
                Milliseconds(latencies.GetValueAtPercentile(99)),
                Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds
            );
        }
        catch (TimeoutException)
        {
            throw new BenchmarkException("The server stopped answering: no answer came for 10 s.");
        }
        finally
        {
            foreach (var connection in all)
                connection.Dispose();
        }
    }

    private static double Milliseconds(long ticks) => ticks * 1000.0 / Stopwatch.Frequency;
}
