using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Migrations;

namespace Overnight.Jobs.Commands;

/// <summary><c>migrate</c>: creates or migrates the database; in Development, fills an empty one with demo data.</summary>
internal static class MigrateCommand
{
    public static Command Create()
    {
        Command command = new("migrate", "Creates or updates the database; in Development also fills an empty one with demo users.");
        command.SetWork(
            (_, services, output, ct) => RunAsync(services, output, ct),
            builder =>
            {
                builder.AddDatabaseMigration();
                builder.Services.AddSection<DemoDataOptions>(DemoDataOptions.Section);
            }
        );
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        var demo = services.GetRequiredService<IOptions<DemoDataOptions>>().Value;
        await using var scope = services.CreateAsyncScope();
        var migration = scope.ServiceProvider.GetRequiredService<DatabaseMigration>();
        var seed = services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var outcome = await migration.RunAsync(seed ? demo.Users : null, output.Progress<DemoProgress>(SeedCommand.Describe), ct);

        foreach (var line in services.GetRequiredService<DatabaseRoles>().Describe(outcome.Roles))
            output.Line(line);
        if (outcome.Created)
            output.Line($"Database \"{outcome.Database}\" created.");
        output.Line(
            outcome.Applied.Count == 0
                ? $"Database \"{outcome.Database}\" is up to date."
                : $"Database \"{outcome.Database}\": {Plural.Of(outcome.Applied.Count, "migration")} applied ({string.Join(", ", outcome.Applied)})."
        );
        if (outcome.Seeded is { } seeded)
        {
            output.Line(SeedCommand.Describe(seeded));
            var tenantSeeder = services.GetRequiredService<DemoTenantSeeder>();
            if (demo.Tenants > 0)
                output.Line(SeedCommand.Describe(await tenantSeeder.SeedAsync(demo.Tenants, new DemoSeedParameters().Seed, null, ct)));
        }
        return CommandLine.Success;
    }
}
