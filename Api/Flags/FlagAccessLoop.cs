using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>Adds the accesses counted in memory to the table, every few seconds and when the node stops.</summary>
internal sealed partial class FlagAccessLoop(FlagAccess access, IOptions<FlagOptions> options, TimeProvider time, ILogger<FlagAccessLoop> logger) : BackgroundService
{
    private bool _isAway;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using PeriodicTimer timer = new(options.Value.FlushInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken)) await TickAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        await TickAsync(CancellationToken.None);
    }

    internal async Task TickAsync(CancellationToken ct)
    {
        try
        {
            await access.FlushAsync(ct);
            _isAway = false;
        }
        catch (Exception exception) when (!ct.IsCancellationRequested)
        {
            // The counts are kept, and the next tick tries again. Told when it begins, not each time.
            if (exception is not NpgsqlException || !_isAway) Log.FlushFailed(logger, exception.Message);
            _isAway = true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(361, LogLevel.Warning, "Accesses of flags could not be added to the table; they are kept, and tried again. {Reason}")]
        public static partial void FlushFailed(ILogger logger, string reason);
    }
}
