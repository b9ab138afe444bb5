using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>Says in PostgreSQL that this process works, until it stops.</summary>
internal sealed partial class HeartbeatLoop(WorkerDirectory workers, TimeProvider time, ILogger<HeartbeatLoop> logger) : BackgroundService
{
    /// <summary>What a stop may wait for it.</summary>
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(2);

    /// <summary>Characters of a host's name that are kept.</summary>
    private const int MostHost = 255;

    private readonly Guid _id = Guid.CreateVersion7(time.GetUtcNow());
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly string _host = Environment.MachineName is { Length: > 0 and <= MostHost } name ? name : "unknown";
    private bool _isFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(WorkerDirectory.Interval, time);
        try
        {
            do await TryAsync(() => workers.BeatAsync(_id, _host, Environment.ProcessId, _startedAt, stoppingToken), stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops, and says so.
        }
        using CancellationTokenSource limit = new(LastLimit);
        await TryAsync(() => workers.LeaveAsync(_id, limit.Token), limit.Token);
    }

    private async Task TryAsync(Func<Task> tell, CancellationToken ct)
    {
        try
        {
            await tell();
            _isFailing = false;
        }
        catch (Exception exception)
        {
            // The next tick tries again; the work itself needs no heartbeat. Told when it begins, not each time.
            if (_isFailing || ct.IsCancellationRequested)
                return;
            _isFailing = true;
            Log.NotTold(logger, WorkerDirectory.Interval, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            592,
            LogLevel.Warning,
            "PostgreSQL can't be told that this process works; it is tried every {Interval}, and nothing depends on it. {Reason}"
        )]
        public static partial void NotTold(ILogger logger, TimeSpan interval, string reason);
    }
}
