using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api.Admin;

/// <summary>Remembers in PostgreSQL that there is a cache, for as long as this node has a connection to one.</summary>
internal sealed partial class CacheLastSeenLoop(
    CacheLastSeen presence,
    DatabaseState database,
    TimeProvider time,
    ILogger<CacheLastSeenLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private bool _isFailing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            do await NoteAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task NoteAsync(CancellationToken ct)
    {
        try
        {
            await presence.NoteAsync(ct);
            _isFailing = false;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The next tick tries again, and a failure must not stop the node. Only the first of a row of failures is logged.
            if (!database.IsAway(exception) && !_isFailing)
                Log.NotNoted(logger, Interval, exception.Message);
            _isFailing = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            349,
            LogLevel.Warning,
            "PostgreSQL could not be told that there is a cache; the next try is in {Interval}. {Reason}"
        )]
        public static partial void NotNoted(ILogger logger, TimeSpan interval, string reason);
    }
}
