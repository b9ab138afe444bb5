using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Overnight.Core.Runs;

namespace Overnight.Api;

/// <summary>
/// Degraded while no worker sends heartbeats: this node still answers, but the next night would not be computed. Healthy while PostgreSQL
/// can't be asked or is not migrated yet, because other checks report that.
/// </summary>
internal sealed class WorkerCheck(WorkerDirectory workers) : IHealthCheck
{
    public const string Name = "workers";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var (heard, _) = await workers.FindAsync(cancellationToken);
            return heard > 0
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded($"no jobs process was heard for {WorkerDirectory.Silence.TotalSeconds:F0} s");
        }
        catch (NpgsqlException)
        {
            return HealthCheckResult.Healthy("unknown: PostgreSQL can't be asked");
        }
    }
}
