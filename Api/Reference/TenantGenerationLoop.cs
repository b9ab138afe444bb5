using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Reference;

namespace Overnight.Api.Reference;

/// <summary>
/// Reads raised generations from PostgreSQL every second. It costs an index lookup, and finds invalidations whose message on
/// <see cref="CacheChannel"/> was lost or that were made in SQL.
/// </summary>
internal sealed partial class TenantGenerationLoop(TenantGenerations generations, TimeProvider time, ILogger<TenantGenerationLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private bool _away;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(Interval, time);
        try
        {
            do
            {
                await RunOnceAsync(stoppingToken);
            } while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    internal async Task RunOnceAsync(CancellationToken ct)
    {
        try
        {
            await generations.RefreshAsync(ct);
            if (_away)
                Log.Back(logger);
            _away = false;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // No generation can be raised while PostgreSQL is away, so the known ones stay right; the next tick tries again.
            if (!_away && DatabaseOutage.Is(exception))
                Log.Away(logger, exception.Message);
            else if (!_away)
                Log.Failed(logger, exception);
            _away = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            351,
            LogLevel.Warning,
            "Invalidations of reference data can't be read, because PostgreSQL does not answer; the next try is in a second. {Reason}"
        )]
        public static partial void Away(ILogger logger, string reason);

        [LoggerMessage(352, LogLevel.Error, "Invalidations of reference data can't be read; the next try is in a second.")]
        public static partial void Failed(ILogger logger, Exception exception);

        [LoggerMessage(353, LogLevel.Information, "Invalidations of reference data are read again.")]
        public static partial void Back(ILogger logger);
    }
}
