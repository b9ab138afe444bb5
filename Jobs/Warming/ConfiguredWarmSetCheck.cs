using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>
/// Stops the start when a configured warm set can't be read, and says what is wrong with it. A PostgreSQL that is away does not stop it,
/// and neither does having one database role for everything, with which configured sets are off.
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
            // Runs wait for PostgreSQL as well; a set that is wrong then fails when it is warmed.
            Log.Unchecked(logger, exception.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(
            651,
            LogLevel.Warning,
            "Warm sets of the configuration could not be checked; a wrong one fails when it is warmed. {Reason}"
        )]
        public static partial void Unchecked(ILogger logger, string reason);

        [LoggerMessage(EventId = 652, Message = "Warm sets of your own are off (declared: {Sets}): {Reason}")]
        public static partial void Off(ILogger logger, LogLevel level, string sets, string reason);
    }
}
