using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core.Caching;
using Overnight.Core.Results;
using Overnight.Core.Sessions;
using Overnight.Jobs.Warming;
using Spectre.Console;

namespace Overnight.Jobs.Commands;

/// <summary><c>warm --prove</c>: measures reads of the dashboard without and with warming.</summary>
internal static class WarmComparisonCommand
{
    private const int Users = 200,
        MostUsers = 1_000;

    public static Option<bool> CreateOption() =>
        new("--prove")
        {
            Description =
                "Measures hits, p95 and database statements of the same dashboard reads without and with warming. Development only. Its "
                + "sessions are removed at its end, and its entries have a key prefix of their own, so those that others read stay as they "
                + $"are. --count is the number of users, {MostUsers:N0} at most, {Users} when left out.",
        };

    /// <summary>Refuses options and arguments that can't be combined with <c>--prove</c>.</summary>
    public static void Validate(CommandResult result, Option<bool> prove, Option<int?> count, params ReadOnlySpan<Symbol> others)
    {
        if (!result.GetValue(prove))
            return;
        foreach (var other in others)
        {
            var given = other is Option option ? result.GetResult(option) : result.GetResult((Argument)other) as SymbolResult;
            if (given is OptionResult { Implicit: false } or ArgumentResult { Tokens.Count: > 0 })
                result.AddError($"--prove reads sessions and recommendations of all tenants, and can't be given {other.Name}.");
        }
        if (result.GetValue(count) is > MostUsers and var users)
            result.AddError($"--count must be at most {MostUsers} with --prove, not {users}.");
    }

    public static void AddWarmComparison(this HostApplicationBuilder builder)
    {
        builder.Services.AddOwnKeyspace($"overnight:proof:{Guid.CreateVersion7():N}:");
        builder.Services.AddSessionReading().AddResults().AddSingleton<WarmComparison>();
    }

    public static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, int? count, CancellationToken ct)
    {
        if (!services.GetRequiredService<IHostEnvironment>().IsDevelopment())
            throw new CommandException(
                "warm --prove is for Development alone: it signs users in for its reads, and asks PostgreSQL for them."
            );
        await CommandServices.RequireCacheAsync(services);
        var report = await services.GetRequiredService<WarmComparison>().RunAsync(count ?? Users, ct);
        output.Write(Table(report));
        var (without, with) = (report.Without, report.With);
        var statements = with.Statements + report.WarmStatements;
        output.Line(
            $"Warming {report.Users:N0} users took {report.WarmTook.TotalMilliseconds:N0} ms; with it, PostgreSQL was asked {statements:N0} times instead of {without.Statements:N0}."
        );
        output.Line(WarmSummary.Judge("Hit rate", with.Hits, $"{with.Reads:N0} reads", with.Reads));
        return CommandLine.Success;
    }

    private static Table Table(WarmComparisonReport report)
    {
        var (without, with) = (report.Without, report.With);
        Table table = new()
        {
            Title = new(
                $"{with.Reads:N0} dashboard reads by {report.Users:N0} users, {WarmComparison.Visits} each: a session validated, recommendations read"
            ),
        };
        table.AddColumns(
            new TableColumn(""),
            new TableColumn("without warming").RightAligned(),
            new TableColumn("after warming").RightAligned()
        );
        Row("answered by the cache", f => $"{f.Hits:N0} ({(double)f.Hits / f.Reads:P1})");
        Row("p95 of a validation, ms", f => $"{f.SessionP95Ms:N2}");
        Row("p95 of recommendations, ms", f => $"{f.RecommendationsP95Ms:N2}");
        Row("p95 of both, ms", f => $"{f.BothP95Ms:N2}");
        Row("database statements of the reads", f => $"{f.Statements:N0}");
        table.AddRow("database statements of warming", "", $"{report.WarmStatements:N0}");
        return table;

        void Row(string name, Func<WarmComparisonFigures, string> figure) => table.AddRow(name, figure(without), figure(with));
    }
}
