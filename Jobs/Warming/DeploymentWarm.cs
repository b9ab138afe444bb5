using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Warms once after a deployment, in the background: every automatic set, for a limited time. A failure is logged and blocks nothing.
/// </summary>
internal sealed partial class DeploymentWarm(Warmer warmer, IOptions<WarmingOptions> options, ILogger<DeploymentWarm> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var report = await warmer.WarmAsync(
                [.. warmer.Find(null, tenant: null).Where(set => set.Declaration.IsAutomatic)],
                new(WarmTrigger.Deployment) { TimeLimit = options.Value.DeploymentLimit },
                null,
                stoppingToken
            );
            Log.Warmed(logger, report.Warmed, (long)report.Duration.TotalMilliseconds);
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // A deployment must not fail because of the cache; the warm loop warms what is cold.
            Log.Failed(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(661, LogLevel.Information, "Warmed after the deployment, in {Milliseconds} ms. Entries: {Entries}.")]
        public static partial void Warmed(ILogger logger, long entries, long milliseconds);

        [LoggerMessage(662, LogLevel.Warning, "Not warmed after the deployment; the service warms what is cold. {Reason}")]
        public static partial void Failed(ILogger logger, string reason);
    }
}
