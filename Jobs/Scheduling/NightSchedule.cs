using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Scheduling;

/// <summary>
/// What to run and when. A scheduler of any make rings every minute and this decides what is due; the run row decides
/// that it happens once, so that a double, lost or late ring is harmless.
/// </summary>
internal sealed partial class NightSchedule(RunStore runs, IOptions<ScheduleOptions> options, TimeProvider time, ILogger<NightSchedule> logger)
{
    private readonly CronSchedule _cron = CronSchedule.Parse(options.Value.Cron);
    private readonly Lock _gate = new();
    private DateTimeOffset _lookedAt = time.GetUtcNow();

    /// <summary>Starts, or joins, the night that became due since the last ring.</summary>
    public async Task RingAsync(CancellationToken ct)
    {
        if (!TakeDue()) return;
        try
        {
            var (run, started) = await runs.StartOrJoinAsync(options.Value.Market, null, RunTrigger.Schedule, again: false, ct);
            if (started) Log.Started(logger, run.Id, run.Market, run.BusinessDate);
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The ring is given back: the next minute tries again.
            lock (_gate) _lookedAt = _lookedAt.AddMinutes(-1);
            Log.RingFailed(logger, exception);
        }
    }

    private bool TakeDue()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_cron.Next(_lookedAt) is not { } due || due > now) return false;
            _lookedAt = now;
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "The schedule started run {RunId} of {Market} for {BusinessDate}.")]
        public static partial void Started(ILogger logger, Guid runId, string market, DateOnly businessDate);

        [LoggerMessage(2, LogLevel.Error, "A night was due and could not be started; the next minute tries again.")]
        public static partial void RingFailed(ILogger logger, Exception exception);
    }
}
