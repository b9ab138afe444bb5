using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core.Flags;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Migrations;

namespace Overnight.Jobs.Commands;

/// <summary><c>migrate</c>: makes the database what this build needs; in Development, fills an empty one with demo data.</summary>
internal static class MigrateCommand
{
    private const string UsersKey = "Demo:Users";
    private const int DefaultUsers = 1_000, MaxUsers = 10_000_000;

    public static Command Create()
    {
        Command command = new("migrate", "Creates or updates the database; in Development also fills an empty one with demo users.");
        command.SetAction((parsed, ct) => CommandServices.RunAsync(parsed, RunAsync, ct, builder =>
        {
            builder.Services.AddFlagOptions();
            builder.Services.AddScoped<DatabaseMigration>();
            builder.Services.AddSingleton<DemoSeeder>();
        }));
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        var users = DemoUsers(services.GetRequiredService<IConfiguration>());
        await using var scope = services.CreateAsyncScope();
        var migration = scope.ServiceProvider.GetRequiredService<DatabaseMigration>();
        var seed = services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var outcome = await migration.RunAsync(seed ? users : null, output.Progress<DemoProgress>(SeedCommand.Describe), ct);

        if (outcome.Created) output.Line($"Database \"{outcome.Database}\" created.");
        output.Line(outcome.Applied.Count == 0
            ? $"Database \"{outcome.Database}\" is up to date."
            : $"Database \"{outcome.Database}\": {outcome.Applied.Count} {(outcome.Applied.Count == 1 ? "migration" : "migrations")} applied ({string.Join(", ", outcome.Applied)}).");
        if (outcome.Seeded is { } seeded) output.Line(SeedCommand.Describe(seeded));
        return CommandLine.Success;
    }

    private static int DemoUsers(IConfiguration configuration)
    {
        var text = configuration[UsersKey];
        if (string.IsNullOrWhiteSpace(text)) return DefaultUsers;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var users) && users is >= 1 and <= MaxUsers
            ? users
            : throw new CommandException($"{UsersKey} must be a whole number from 1 to {MaxUsers}, not \"{text}\".");
    }
}
