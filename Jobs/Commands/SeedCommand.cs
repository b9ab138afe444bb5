using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Jobs.Demo;

namespace Overnight.Jobs.Commands;

/// <summary><c>seed --users N --tenants N</c>: demo users that hold the stored assets, and demo tenants with reference data.</summary>
internal static class SeedCommand
{
    public static Command Create()
    {
        Option<int?> users = new("--users") { Description = "Number of users with a portfolio after seeding, existing ones included." };
        Option<int?> tenants = new("--tenants")
        {
            Description =
                "How many tenants with reference data there are to be, those already there included. "
                + "Each gets the demo user of its number, the first also the admin.",
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
                    DemoSeedParameters options = new()
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
            ? $"{progress.Users:N0} of {Plural.Of(progress.Total, "demo user")} copied"
            : $"{Plural.Of(progress.Total, "demo user")} copied, checking references";

    public static string Describe(DemoTenantProgress progress) =>
        $"{progress.Tenants:N0} of {Plural.Of(progress.Total, "demo tenant")} copied";

    public static string Describe(DemoTenantSummary summary) =>
        summary.Added == 0
            ? $"{Plural.Of(summary.Tenants, "demo tenant")}, all there already: nothing added."
            : $"{Plural.Of(summary.Tenants, "demo tenant")}: {summary.Added:N0} added with {Plural.Of(summary.Rows, "row")} "
                + $"of reference data in {summary.Elapsed.TotalSeconds:N1} s.";

    public static string Describe(DemoSummary summary)
    {
        var market = summary.SyntheticMarket
            ? $"a synthetic market of {Plural.Of(summary.Assets, "asset")}"
            : $"{Plural.Of(summary.Assets, "asset")}";
        return summary.UsersAdded == 0
            ? $"{Plural.Of(summary.Users, "demo user")}, all there already: nothing added."
            : $"{Plural.Of(summary.Users, "demo user")} over {market}: {summary.UsersAdded:N0} added with {Plural.Of(summary.HoldingsAdded, "holding")} "
                + $"and {Plural.Of(summary.CriteriaAdded, "criterion", "criteria")} in {summary.Elapsed.TotalSeconds:N1} s.";
    }
}
