using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Flags;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Warming;

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

internal sealed class DatabaseSettings
{
    public const string Section = "Database";

    /// <summary>Whether the service migrates at its start, for deployments that can't run <c>migrate</c> as a program of its own.</summary>
    public bool MigrateAtStart { get; set; }
}

internal static class MigrationSetup
{
    /// <summary>The services that migrate a database, for the command and for the service.</summary>
    public static IServiceCollection AddDatabaseMigration(this IServiceCollection services)
    {
        services.AddFlagOptions();
        return services
            .AddScoped<DatabaseMigration>()
            .AddSingleton<DatabaseRoles>()
            .AddSingleton<DemoSeeder>()
            .AddSingleton<DemoTenantSeeder>();
    }

    /// <summary>Migrates at start when the key is true, and then warms the cache as after a deployment.</summary>
    public static void AddMigrationAtStart(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<DatabaseSettings>(DatabaseSettings.Section);
        if (!builder.Configuration.ReadSection<DatabaseSettings>(DatabaseSettings.Section).MigrateAtStart)
            return;
        builder.Services.AddDatabaseMigration().AddHostedService<MigrationAtStart>();
        builder.Services.AddWarming().AddHostedService<DeploymentWarm>();
    }
}
