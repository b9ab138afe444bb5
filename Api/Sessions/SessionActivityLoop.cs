namespace Overnight.Api.Sessions;

/// <summary>Writes activity back now and then, and once more when the node stops.</summary>
internal sealed partial class SessionActivityLoop(SessionActivity activity, TimeProvider time, ILogger<SessionActivityLoop> logger) : BackgroundService
{
    /// <summary>What a stop may wait for it.</summary>
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(activity.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TickAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The node stops; what is left is written last.
        }
        using CancellationTokenSource limit = new(LastLimit);
        await TickAsync(limit.Token);
    }

    private async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await activity.WriteAsync(ct);
        }
        catch (Exception exception)
        {
            // The next tick writes it; activity is no reason to stop a node.
            if (!ct.IsCancellationRequested) Log.NotWritten(logger, activity.Interval, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(331, LogLevel.Warning, "Activity of sessions could not be written; it is tried again in {Interval}. {Reason}")]
        public static partial void NotWritten(ILogger logger, TimeSpan interval, string reason);
    }
}
