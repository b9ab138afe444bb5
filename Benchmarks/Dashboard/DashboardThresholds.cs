using Microsoft.Extensions.DependencyInjection;
using Overnight.Api.Dashboard;
using Overnight.Benchmarks.Load;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Recovery;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Sessions;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>
/// The 95th percentiles that the specification limits: of dashboards and of validations, from the cache and from PostgreSQL.
/// </summary>
internal sealed class DashboardThresholds(DashboardEnvironment environment, DashboardSettings settings)
{
    /// <summary>Of cached reads.</summary>
    private const int PerSecond = 1_000;

    private TimeSpan Duration => TimeSpan.FromSeconds(settings.Seconds);

    /// <param name="api">With the cache, and warm.</param>
    public async Task<IReadOnlyList<Threshold>> MeasureAsync(ApiProcess api, CancellationToken ct)
    {
        await environment.WarmSessionsAsync();
        var cached = await CachedP95Async(api, ct);
        // No server is there: the circuit stays open, and PostgreSQL answers every read.
        var nowhere = $"127.0.0.1:{ServerProcess.FreePort()},connectTimeout=500";
        var uncached = await environment.StartApiAsync(null, ct, nowhere);
        await uncached.LoadAsync(DashboardRoutes.Path, settings.Seconds, settings.Connections, seed: 1, ct);
        var load = await uncached.LoadAsync(DashboardRoutes.Path, settings.Seconds, settings.Connections, seed: 2, ct);
        await uncached.StopAsync(JobsProcess.StopLimit);
        if (load.FromCache > 0)
            throw new BenchmarkException($"{load.FromCache} answers came from a cache that is not there.");

        await environment.WarmSessionsAsync();
        var callers = settings.Connections;
        return
        [
            new("B7", $"p95 of a cached read at {PerSecond:N0} a second", "ms", cached, 5),
            new("B7", $"p95 of the dashboard from PostgreSQL, {callers} connections", "ms", load.P95Ms, 2_000),
            new(
                "E4",
                $"p95 of a validation from the cache, {callers} at once",
                "ms",
                await ValidationP95Async(environment.Cache.ConnectionString, ct),
                5
            ),
            new("E4", $"p95 of a validation from PostgreSQL, {callers} at once", "ms", await ValidationP95Async(nowhere, ct), 100),
        ];
    }

    private async Task<double> CachedP95Async(ApiProcess api, CancellationToken ct)
    {
        var tokens = await MixedReads.TokensAsync(environment.Plan, ct);
        UserMix users = new(tokens.Count, seed: 2);
        await using OpenLoopLoad load = new(api.Port, PerSecond, () => new(ReadKind.Dashboard, DashboardRoutes.Path, tokens[users.Next()]));
        await Task.Delay(Duration, ct);
        var warmUp = load.Answers.Count;
        await Task.Delay(Duration, ct);
        var answers = (await load.StopAsync()).Skip(warmUp).ToArray();
        if (answers.FirstOrDefault(answer => answer.Error is not null) is { Error: { } error })
            throw new BenchmarkException($"A read failed: {error}");
        return answers.HitRate() == 1
            ? answers.Percentile(0.95)
            : throw new BenchmarkException(
                $"Of {answers.Length} answers {answers.Count(answer => !answer.FromCache)} did not come from the cache."
            );
    }

    /// <summary>By the product's reader, which keeps nothing in memory here: no channel is heard.</summary>
    private async Task<double> ValidationP95Async(string cache, CancellationToken ct)
    {
        var builder = ProductHost.Create(environment.Postgres, cache);
        builder.Services.AddSessionReading();
        using var host = builder.Build();
        var sessions = host.Services.GetRequiredService<SessionReader>();
        await RunAsync();
        return await RunAsync();

        async Task<double> RunAsync()
        {
            using CancellationTokenSource end = new(Duration);
            var all = await Task.WhenAll(Enumerable.Range(1, settings.Connections).Select(seed => Task.Run(() => ValidateAsync(seed), ct)));
            return all.SelectMany(times => times).Percentile(0.95);

            async Task<List<double>> ValidateAsync(int seed)
            {
                var time = TimeProvider.System;
                UserMix users = new(environment.TokenHashes.Count, seed);
                List<double> times = [];
                while (!end.IsCancellationRequested && !ct.IsCancellationRequested)
                {
                    var begin = time.GetTimestamp();
                    var lookup = await sessions.FindAsync(environment.TokenHashes[users.Next()], isMissed: false, ct);
                    times.Add(time.GetElapsedTime(begin).TotalMilliseconds);
                    if (lookup.Session is null)
                        throw new BenchmarkException($"A session was refused: {lookup.Refusal}.");
                }
                return times;
            }
        }
    }
}
