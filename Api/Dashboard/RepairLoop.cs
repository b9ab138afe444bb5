using Npgsql;
using Overnight.Core.Results;

namespace Overnight.Api.Dashboard;

/// <summary>Writes entries back that readers missed, one at a time, beside the requests.</summary>
internal sealed partial class RepairLoop(RepairQueue queue, ResultRepair repair, ILogger<RepairLoop> logger) : BackgroundService
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
                // The next miss asks again; one bad repair must not end the loop. A lost database is met by every
                // reader too, so it is not news here.
                if (ex is not NpgsqlException)
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
