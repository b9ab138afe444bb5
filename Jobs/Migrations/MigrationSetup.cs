using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;
using Overnight.Core.Flags;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Warming;

namespace Overnight.Jobs.Migrations;

internal sealed class DatabaseSettings
{
    public const string Section = "Database";

    /// <summary>Whether the service migrates at its start, for deployments that can't run <c>migrate</c> as a program of its own.</summary>
    public bool MigrateAtStart { get; set; }
}

internal static class MigrationSetup
{
    /// <summary>The services that migrate a database, for the command and for the service.</summary>
    public static void AddDatabaseMigration(this IHostApplicationBuilder builder) =>
        builder
            .Services.AddFlagOptions()
            .AddScoped<DatabaseMigration>()
            .AddSingleton<DatabaseRoles>()
            .AddSingleton<DemoSeeder>()
            .AddSingleton<DemoTenantSeeder>();

    /// <summary>Migrates at start when the key is true, and then warms the cache as after a deployment.</summary>
    public static void AddMigrationAtStart(this IHostApplicationBuilder builder)
    {
        builder.Services.AddSection<DatabaseSettings>(DatabaseSettings.Section);
        if (!builder.Configuration.ReadSection<DatabaseSettings>(DatabaseSettings.Section).MigrateAtStart)
            return;
        builder.AddDatabaseMigration();
        builder.Services.AddHostedService<MigrationAtStart>().AddWarming().AddHostedService<DeploymentWarm>();
    }
}
