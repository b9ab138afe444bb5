using Microsoft.Extensions.Diagnostics.HealthChecks;
using Overnight.Core.Caching;

namespace Overnight.Api.Admin;

/// <summary>Reports degraded at worst: a cold or lost cache must not take a node out of service.</summary>
internal sealed class CacheHealthCheck(CacheMonitor monitor, CacheCircuit circuit, CacheStore store) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            circuit.IsAbsent ? HealthCheckResult.Healthy("No cache is configured.")
            : store.Refusal is { } refusal ? HealthCheckResult.Degraded($"The cache takes no writes: {refusal}")
            : monitor.Health == CacheHealth.Healthy ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded($"The cache is {monitor.Health}.")
        );
}
