using Overnight.Core.Data;

namespace Overnight.Api;

/// <summary>Writes what requests noted in memory to PostgreSQL, at an interval and once more when the node stops.</summary>
/// <param name="what">What is written, in the plural, for the log.</param>
internal abstract partial class PeriodicFlushLoop(string what, TimeSpan interval, DatabaseState database, TimeProvider time, ILogger logger)
    : BackgroundService
{
    /// <summary>How long a stop waits for the last write.</summary>
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(5);

    private bool _isFailing;

    /// <summary>Writes the notes since the last write; those that can't be written stay in memory for the next one.</summary>
    protected abstract Task WriteAsync(CancellationToken ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TickAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; what is left is written last.
        }
        using CancellationTokenSource limit = new(LastLimit);
        await TickAsync(limit.Token);
    }

    /// <summary>Writes now; a write that fails is logged.</summary>
    protected async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await WriteAsync(ct);
            _isFailing = false;
        }
        catch (Exception exception)
        {
            // The next tick writes what is kept; a failed write must not stop the node. Only the first of a row of failures is logged.
            if (ct.IsCancellationRequested || database.IsAway(exception) || _isFailing)
                return;
            _isFailing = true;
            Log.NotWritten(logger, what, interval, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(331, LogLevel.Warning, "{What} could not be written; they are kept, and tried again every {Interval}. {Reason}")]
        public static partial void NotWritten(ILogger logger, string what, TimeSpan interval, string reason);
    }
}
