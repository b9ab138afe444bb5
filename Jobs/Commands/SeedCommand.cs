using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Jobs.Demo;

namespace Overnight.Jobs.Commands;

/// <summary><c>seed --users N --tenants N</c>: demo users over the assets that are there, and demo tenants with reference data.</summary>
internal static class SeedCommand
{
    public static Command Create()
    {
        Option<int?> users = new("--users") { Description = "How many users with a portfolio there shall be; those that are there count." };
        Option<int?> tenants = new("--tenants")
        {
            Description =
                "How many tenants with reference data there shall be; those that are there count. Each gets the demo user of its number, the first also the admin.",
        };
        Option<long> seed = new("--seed")
        {
            Description = "The same seed over the same assets makes the same users.",
            DefaultValueFactory = _ => 1,
        };
        Option<int?> holdings = new("--holdings") { Description = "Holdings of every user; without it 10 to 50." };
        Option<int?> criteria = new("--criteria") { Description = "Criteria of every user; without it 5 to 15." };
        Command command = new("seed", "Adds deterministic demo users and tenants; makes up a market when no companies are imported.")
        {
            users,
            tenants,
            seed,
            holdings,
            criteria,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(users) is null && result.GetResult(tenants) is null)
                result.AddError("Give --users, --tenants, or both.");
        });
        command.SetWork(
            async (parsed, services, output, ct) =>
            {
                if (parsed.GetValue(users) is { } wanted)
                {
                    DemoOptions options = new()
                    {
                        Users = wanted,
                        Seed = parsed.GetValue(seed),
                        Holdings = parsed.GetValue(holdings),
                        Criteria = parsed.GetValue(criteria),
                    };
                    var seeder = ActivatorUtilities.CreateInstance<DemoSeeder>(services);
                    output.Line(Describe(await seeder.SeedAsync(options, output.Progress<DemoProgress>(Describe), ct)));
                }
                if (parsed.GetValue(tenants) is { } count)
                {
                    var seeder = ActivatorUtilities.CreateInstance<DemoTenantSeeder>(services);
                    output.Line(
                        Describe(await seeder.SeedAsync(count, parsed.GetValue(seed), output.Progress<DemoTenantProgress>(Describe), ct))
                    );
                }
                return CommandLine.Success;
            }
        );
        return command;
    }

    public static string Describe(DemoProgress progress) =>
        progress.Step == "copying"
            ? $"{progress.Users:N0} of {progress.Total:N0} demo users copied"
            : $"{progress.Total:N0} demo users copied, checking references";

    public static string Describe(DemoTenantProgress progress) => $"{progress.Tenants:N0} of {progress.Total:N0} demo tenants copied";

    public static string Describe(DemoTenantSummary summary) =>
        summary.Added == 0
            ? $"{summary.Tenants:N0} demo tenants, all there already: nothing added."
            : $"{summary.Tenants:N0} demo tenants: {summary.Added:N0} added with {summary.Rows:N0} rows of reference data in {summary.Elapsed.TotalSeconds:N1} s.";

    public static string Describe(DemoSummary summary)
    {
        var market = summary.SyntheticMarket ? $"a synthetic market of {summary.Assets:N0} assets" : $"{summary.Assets:N0} assets";
        return summary.UsersAdded == 0
            ? $"{summary.Users:N0} demo users, all there already: nothing added."
            : $"{summary.Users:N0} demo users over {market}: {summary.UsersAdded:N0} added with {summary.HoldingsAdded:N0} holdings and {summary.CriteriaAdded:N0} criteria in {summary.Elapsed.TotalSeconds:N1} s.";
    }
}
