using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.Core;
using Overnight.Core.Warming;

namespace Overnight.Benchmarks.Warm;

/// <summary>The product's warmer with the product's connections, as the service has it.</summary>
internal sealed class ProductWarmer : IDisposable
{
    private readonly IHost host;
    private readonly Warmer warmer;

    public ProductWarmer(PostgresServer postgres, CacheServer cache, WarmSettings settings)
    {
        var builder = ProductHost.Create(
            postgres,
            cache.ConnectionString,
            ("Flags:Environment", DemoTenantsAndFlags.Environment),
            ("Warming:Sessions:Count", $"{settings.Users}")
        );
        builder.Services.AddWarming();
        host = builder.Build();
        warmer = host.Services.GetRequiredService<Warmer>();
    }

    /// <returns>From the request to its end: reading, writing, and the record of it.</returns>
    public async Task<TimeSpan> WarmAsync(string set, CancellationToken ct)
    {
        var begin = Stopwatch.GetTimestamp();
        var report = await warmer.WarmAsync(warmer.Find([set]), new(WarmTrigger.Manual), null, ct);
        var elapsed = Stopwatch.GetElapsedTime(begin);
        return report.Sets is [{ Status: WarmStatus.Completed }]
            ? elapsed
            : throw new BenchmarkException(
                $"The warm of {set} did not complete: {report.Sets[0].StatusName}, {report.Sets[0].Failed} failed. {report.Sets[0].Error}"
            );
    }

    public void Dispose() => host.Dispose();
}
