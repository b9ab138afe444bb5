using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Migrations;

namespace Overnight.Jobs.Commands;

/// <summary><c>migrate</c>: makes the database what this build needs; in Development, fills an empty one with demo data.</summary>
internal static class MigrateCommand
{
    private const string UsersKey = "Demo:Users",
        TenantsKey = "Demo:Tenants";
    private const int DefaultUsers = 1_000,
        DefaultTenants = 3;

    public static Command Create()
    {
        Command command = new("migrate", "Creates or updates the database; in Development also fills an empty one with demo users.");
        command.SetWork((_, services, output, ct) => RunAsync(services, output, ct), builder => builder.Services.AddDatabaseMigration());
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        var configuration = services.GetRequiredService<IConfiguration>();
        var users = Read(configuration, UsersKey, DefaultUsers, 1, DemoOptions.MaxUsers);
        var tenants = Read(configuration, TenantsKey, DefaultTenants, 0, DemoTenantSeeder.MaxTenants);
        await using var scope = services.CreateAsyncScope();
        var migration = scope.ServiceProvider.GetRequiredService<DatabaseMigration>();
        var seed = services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var outcome = await migration.RunAsync(seed ? users : null, output.Progress<DemoProgress>(SeedCommand.Describe), ct);

        foreach (var line in services.GetRequiredService<DatabaseRoles>().Describe(outcome.Roles))
            output.Line(line);
        if (outcome.Created)
            output.Line($"Database \"{outcome.Database}\" created.");
        output.Line(
            outcome.Applied.Count == 0
                ? $"Database \"{outcome.Database}\" is up to date."
                : $"Database \"{outcome.Database}\": {outcome.Applied.Count} {(outcome.Applied.Count == 1 ? "migration" : "migrations")} applied ({string.Join(", ", outcome.Applied)})."
        );
        if (outcome.Seeded is { } seeded)
        {
            output.Line(SeedCommand.Describe(seeded));
            var tenantSeeder = services.GetRequiredService<DemoTenantSeeder>();
            if (tenants > 0)
                output.Line(SeedCommand.Describe(await tenantSeeder.SeedAsync(tenants, new DemoOptions().Seed, null, ct)));
        }
        return CommandLine.Success;
    }

    private static int Read(IConfiguration configuration, string key, int otherwise, int least, int most)
    {
        var text = configuration[key];
        if (string.IsNullOrWhiteSpace(text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new CommandException($"{key} must be a whole number from {least} to {most}, not \"{text}\".");
    }
}
