using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>
/// A set of one's own that can't be read stops the start, with what is wrong with it; a PostgreSQL that is away does not, and
/// neither does one role for everything, with which own sets are off.
/// </summary>
internal sealed partial class ConfiguredWarmSetCheck(ConfiguredWarmSets sets, ILogger<ConfiguredWarmSetCheck> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (sets.WhyOff is { } why)
            Log.Off(
                logger,
                sets.Off.Count == 0 ? LogLevel.Information : LogLevel.Warning,
                string.Join(", ", sets.Off.DefaultIfEmpty("none")),
                why
            );
        try
        {
            await sets.CheckAsync(cancellationToken);
        }
        catch (NpgsqlException exception)
        {
            // The night waits for it, too; a set that is wrong then fails when it is warmed.
            Log.Unchecked(logger, exception.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(651, LogLevel.Warning, "Warm sets of the configuration could not be checked: {Reason}")]
        public static partial void Unchecked(ILogger logger, string reason);

        [LoggerMessage(EventId = 652, Message = "Warm sets of your own are off (declared: {Sets}): {Reason}")]
        public static partial void Off(ILogger logger, LogLevel level, string sets, string reason);
    }
}
