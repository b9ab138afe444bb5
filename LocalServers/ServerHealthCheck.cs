using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overnight.LocalServers;

/// <summary>Healthy when a server answers.</summary>
/// <param name="ask">Ends when it has answered; bounded in time by itself.</param>
internal sealed class ServerHealthCheck(Func<CancellationToken, Task> ask) : IHealthCheck
{
    /// <summary>What a start may take: a check that fails is logged as an error, and a server that starts is none.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var reason = "";
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(50));
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < Patience; await pause.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await ask(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                reason = e.Message; // Whatever it is, it has not answered.
            }
        }
        return HealthCheckResult.Unhealthy(reason);
    }
}
