using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Warming;

namespace Overnight.Jobs.Warming;

/// <summary>A set of one's own that can't be read stops the start, with what is wrong with it; a PostgreSQL that is away does not.</summary>
internal sealed partial class ConfiguredSetCheck(ConfiguredSets sets, ILogger<ConfiguredSetCheck> logger) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
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
    }
}
