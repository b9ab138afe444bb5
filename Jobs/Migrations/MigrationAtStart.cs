using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Flags;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Warming;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// Migrates before the service works, where nothing else does: a published app has no program that runs once. Any number of replicas may do
/// it at once, for one holds the lock and the others find it done.
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
            catch (NpgsqlException exception) when (exception.IsTransient)
            {
                // The server is started beside this program, in no order.
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
        [LoggerMessage(681, LogLevel.Information, "Database {Database} is this build's. Migrations applied now: {Count}.")]
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

    /// <summary>Whether the service migrates before it works, for want of a program that runs once.</summary>
    public bool MigrateAtStart { get; set; }
}

internal static class MigrationSetup
{
    /// <summary>What migrates a database, for the command and for the service.</summary>
    public static IServiceCollection AddDatabaseMigration(this IServiceCollection services)
    {
        services.AddFlagOptions();
        return services
            .AddScoped<DatabaseMigration>()
            .AddSingleton<DatabaseRoles>()
            .AddSingleton<DemoSeeder>()
            .AddSingleton<DemoTenantSeeder>();
    }

    /// <summary>Migrates at start where the key says so, and then warms as after a deployment.</summary>
    public static void AddMigrationAtStart(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<DatabaseSettings>(DatabaseSettings.Section);
        if (!builder.Configuration.ReadSection<DatabaseSettings>(DatabaseSettings.Section).MigrateAtStart)
            return;
        builder.Services.AddDatabaseMigration().AddHostedService<MigrationAtStart>();
        builder.Services.AddWarming().AddHostedService<DeploymentWarm>();
    }
}
