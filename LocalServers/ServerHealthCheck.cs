using System.Diagnostics;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Overnight.LocalServers;

/// <summary>Reports a server as healthy when it answers.</summary>
/// <param name="ask">Completes when the server has answered; it limits its own duration.</param>
internal sealed class ServerHealthCheck(Func<CancellationToken, Task> ask) : IHealthCheck
{
    /// <summary>How long a server may take to start before a check fails: Aspire logs a failed check as an error.</summary>
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
                reason = e.Message; // After any exception the server counts as not answering yet.
            }
        }
        return HealthCheckResult.Unhealthy(reason);
    }
}
