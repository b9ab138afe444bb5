using Overnight.Core.Data;
using Overnight.Core.Results;

namespace Overnight.Api.Dashboard;

/// <summary>Writes results that readers missed back to the cache, one at a time, outside of requests.</summary>
internal sealed partial class CacheRepairLoop(
    RepairQueue queue,
    ResultRepair repair,
    DatabaseState database,
    ILogger<CacheRepairLoop> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var userId = await queue.DequeueAsync(stoppingToken);
            try
            {
                await repair.RepairAsync(userId, stoppingToken);
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                // One failed repair must not end the loop; the next miss asks again.
                if (!database.IsAway(ex))
                    Log.RepairFailed(logger, ex);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(311, LogLevel.Error, "Repairing a cache entry failed; the next miss tries again.")]
        public static partial void RepairFailed(ILogger logger, Exception exception);
    }
}
