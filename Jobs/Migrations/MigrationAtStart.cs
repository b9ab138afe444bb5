using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// Migrates before the service starts to work, for published apps, in which no other program migrates. Any number of replicas may do
/// it at once: one holds the lock, and the others find it done.
/// </summary>
internal sealed partial class MigrationAtStart(
    IServiceScopeFactory scopes,
    DatabaseRoles roles,
    TimeProvider time,
    ILogger<MigrationAtStart> logger
) : IHostedService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(5);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var told = false;
        while (true)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var outcome = await scope
                    .ServiceProvider.GetRequiredService<DatabaseMigration>()
                    .RunAsync(demoUsers: null, progress: null, cancellationToken);
                Log.Migrated(logger, outcome.Database, outcome.Applied.Count);
                foreach (var line in roles.Describe(outcome.Roles))
                    Log.Roles(logger, line);
                return;
            }
            catch (NpgsqlException exception) when (DatabaseOutage.Is(exception))
            {
                // The server may still be starting, since its start and this one are in no order.
                if (!told)
                    Log.Away(logger, RetryInterval, exception.Message);
                told = true;
                await Task.Delay(RetryInterval, time, cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(681, LogLevel.Information, "Database {Database} has this build's schema. Migrations applied now: {Count}.")]
        public static partial void Migrated(ILogger logger, string database, int count);

        [LoggerMessage(682, LogLevel.Warning, "The database can't be migrated yet; it is tried again every {Delay}. {Reason}")]
        public static partial void Away(ILogger logger, TimeSpan delay, string reason);

        [LoggerMessage(683, LogLevel.Information, "{Outcome}")]
        public static partial void Roles(ILogger logger, string outcome);
    }
}
