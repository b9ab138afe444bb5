using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Keeps the counts in the run's row up to date while it is under way, twice a second at most however many replicas there are, and
/// logs its progress every two seconds.
/// </summary>
internal sealed partial class RunProgressWriter(
    NpgsqlDataSource dataSource,
    RunProgress progress,
    TimeProvider time,
    ILogger<RunProgressWriter> logger
)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500),
        SayInterval = TimeSpan.FromSeconds(2);

    // Uses the server's clock, which all replicas share.
    private const string Store = """
        update overnight_job_runs set users_processed = b.processed, users_failed = b.failed, progress_at = clock_timestamp()
        from (select coalesce(sum(users_processed), 0) as processed, coalesce(sum(users_failed), 0) as failed from run_batches where run_id = $1) b
        where id = $1 and planned_at is not null and completed_at is null and (progress_at is null or progress_at <= clock_timestamp() - interval '500 milliseconds')
        """;

    /// <summary>Runs until it is cancelled, which is no error.</summary>
    public async Task RunAsync(PipelineRun run, CancellationToken ct)
    {
        using PeriodicTimer timer = new(Interval, time);
        var said = time.GetTimestamp();
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                try
                {
                    await StoreAsync(run.Id, ct);
                    if (time.GetElapsedTime(said) < SayInterval || !logger.IsEnabled(LogLevel.Information))
                        continue;
                    said = time.GetTimestamp();
                    Log.Progress(logger, run.Market, IsoDate.Of(run.BusinessDate), (await progress.ReadAsync(run.Id, ct)).Line());
                }
                catch (NpgsqlException)
                {
                    // Progress may be missed while PostgreSQL is away; the work itself reports that, and the next tick tries again.
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The run has ended.
        }
    }

    internal async Task<bool> StoreAsync(Guid run, CancellationToken ct)
    {
        await using var command = dataSource.Command(Store, run);
        return await command.ExecuteNonQueryAsync(ct) == 1;
    }

    private static partial class Log
    {
        [LoggerMessage(531, LogLevel.Information, "{Market} {BusinessDate}: {Progress}")]
        public static partial void Progress(ILogger logger, string market, string businessDate, string progress);
    }
}
