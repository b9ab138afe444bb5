using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Pipeline;

/// <summary>
/// Writes a heartbeat of this process to PostgreSQL until it stops, and then deletes its row; and remembers that there is a cache, where
/// the process has a connection to one.
/// </summary>
internal sealed partial class HeartbeatLoop(
    WorkerDirectory workers,
    CacheLastSeen cache,
    DatabaseState database,
    TimeProvider time,
    ILogger<HeartbeatLoop> logger
) : BackgroundService
{
    /// <summary>Longest time that a stop waits for the row to be deleted.</summary>
    private static readonly TimeSpan LastLimit = TimeSpan.FromSeconds(2);

    /// <summary>Longest host name in characters that is stored; a longer one is stored as "unknown".</summary>
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
            do await TryAsync(() => BeatAsync(stoppingToken), stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops, so its row is deleted below.
        }
        using CancellationTokenSource limit = new(LastLimit);
        await TryAsync(() => workers.LeaveAsync(_id, limit.Token), limit.Token);
    }

    private async Task BeatAsync(CancellationToken ct)
    {
        await workers.BeatAsync(_id, _host, Environment.ProcessId, _startedAt, ct);
        await cache.NoteAsync(ct);
    }

    private async Task TryAsync(Func<Task> tell, CancellationToken ct)
    {
        try
        {
            await tell();
            database.Wrote();
            _isFailing = false;
        }
        catch (Exception exception)
        {
            // The next tick tries again, and no work depends on heartbeats. The failure is logged when it begins, not at every tick.
            if (ct.IsCancellationRequested || database.IsAway(exception) || _isFailing)
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
            "The heartbeat of this process could not be written. It is tried again every {Interval}; no work depends on it. {Reason}"
        )]
        public static partial void NotTold(ILogger logger, TimeSpan interval, string reason);
    }
}
