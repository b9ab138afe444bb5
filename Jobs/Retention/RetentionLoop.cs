using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;

namespace Overnight.Jobs.Retention;

/// <summary>Runs retention at the start and then daily; sooner when something had to be put off.</summary>
internal sealed partial class RetentionLoop(
    HistoryRetention retention,
    IOptions<RetentionOptions> options,
    DatabaseState database,
    TimeProvider time,
    ILogger<RetentionLoop> logger
) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.Interval, time);
        try
        {
            do
            {
                timer.Period = await TickAsync(stoppingToken) ? options.Value.Interval : options.Value.RetryInterval;
            } while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <returns>False when something is left to do, and is tried again soon.</returns>
    internal async Task<bool> TickAsync(CancellationToken ct)
    {
        try
        {
            // Null while another process is at it, or a verification reads what it would drop.
            return await retention.RunOnceAsync(isDryRun: false, ct) is { Postponed.Count: 0 };
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // Most likely PostgreSQL is away, and the next try finds it again; runs do not need this work.
            if (!database.IsAway(exception))
                Log.Failed(logger, options.Value.RetryInterval, exception);
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(611, LogLevel.Error, "Retention failed; the next try is in {Delay}.")]
        public static partial void Failed(ILogger logger, TimeSpan delay, Exception exception);
    }
}
