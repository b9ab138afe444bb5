using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Jobs.Demo;

namespace Overnight.Jobs.Commands;

/// <summary><c>seed --users N</c>: demo users over the assets that are there.</summary>
internal static class SeedCommand
{
    public static Command Create()
    {
        Option<int> users = new("--users") { Description = "How many users with a portfolio there shall be; those that are there count.", Required = true };
        Option<long> seed = new("--seed") { Description = "The same seed over the same assets makes the same users.", DefaultValueFactory = _ => 1 };
        Option<int?> holdings = new("--holdings") { Description = "Holdings of every user; without it 10 to 50." };
        Option<int?> criteria = new("--criteria") { Description = "Criteria of every user; without it 5 to 15." };
        Command command = new("seed", "Adds deterministic demo users; makes up a market when no companies are imported.") { users, seed, holdings, criteria };
        command.SetAction((parsed, ct) => CommandServices.RunAsync(parsed, async (services, output, token) =>
        {
            DemoOptions options = new()
            {
                Users = parsed.GetValue(users), Seed = parsed.GetValue(seed), Holdings = parsed.GetValue(holdings), Criteria = parsed.GetValue(criteria),
            };
            var seeder = ActivatorUtilities.CreateInstance<DemoSeeder>(services);
            output.Line(Describe(await seeder.SeedAsync(options, output.Progress<DemoProgress>(Describe), token)));
            return CommandLine.Success;
        }, ct));
        return command;
    }

    public static string Describe(DemoProgress progress) =>
        progress.Step == "copying" ? $"{progress.Users:N0} of {progress.Total:N0} demo users copied" : $"{progress.Total:N0} demo users copied, checking references";

    public static string Describe(DemoSummary summary)
    {
        var market = summary.SyntheticMarket ? $"a synthetic market of {summary.Assets:N0} assets" : $"{summary.Assets:N0} assets";
        return summary.UsersAdded == 0
            ? $"{summary.Users:N0} demo users, all there already: nothing added."
            : $"{summary.Users:N0} demo users over {market}: {summary.UsersAdded:N0} added with {summary.HoldingsAdded:N0} holdings and {summary.CriteriaAdded:N0} criteria in {summary.Elapsed.TotalSeconds:N1} s.";
    }
}
