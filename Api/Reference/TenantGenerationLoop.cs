using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Reference;

namespace Overnight.Api.Reference;

/// <summary>
/// Reads raised generations from PostgreSQL every second. It costs an index lookup, and finds invalidations whose message on
/// <see cref="CacheChannel"/> was lost or that were made in SQL.
/// </summary>
internal sealed partial class TenantGenerationLoop(
    TenantGenerations generations,
    NpgsqlDataSource source,
    DatabaseState database,
    TimeProvider time,
    ILogger<TenantGenerationLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private bool _isFailing;

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
            await database.AnsweredAsync(source, ct);
            _isFailing = false;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // No generation can be raised while PostgreSQL is away, so the known ones stay right; the next tick tries again.
            if (!database.IsAway(exception) && !_isFailing)
                Log.Failed(logger, exception);
            _isFailing = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(352, LogLevel.Error, "Invalidations of reference data can't be read; the next try is in a second.")]
        public static partial void Failed(ILogger logger, Exception exception);
    }
}
