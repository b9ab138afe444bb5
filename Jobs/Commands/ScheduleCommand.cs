using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Scheduling;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>schedule</c>: when nights are due, from the calendars; what is paused, and the latest nights and warms against their deadlines, where
/// there is a database.
/// </summary>
internal static class ScheduleCommand
{
    public static Command Create()
    {
        Option<string?> market = new("--market") { Description = "Code of the market; all of them when left out." };
        Option<string?> from = new("--from") { Description = "First day (yyyy-MM-dd); today, in the market's time zone, when left out." };
        Option<string?> until = new("--until")
        {
            Description = $"Last day (yyyy-MM-dd); that of the next {ScheduleReport.Nights} nights when left out.",
        };
        Option<bool> json = new("--json")
        {
            Description =
                "A JSON line per calendar day: market, date, status (open, early-close, late-open, closed), reason, openUtc, closeUtc, ringUtc, deadlineUtc.",
        };
        Command command = new(
            "schedule",
            "Shows when the nights of each market are due, in local time and UTC, by when they are to be done, why a day has none, what is paused, "
                + "and how the latest nights and warms stand against their deadlines."
        )
        {
            market,
            from,
            until,
            json,
        };
        command.SetAction(
            (parsed, ct) =>
                RunAsync(
                    parsed.GetValue(market),
                    Day(from, parsed),
                    Day(until, parsed),
                    parsed.GetValue(json),
                    parsed.InvocationConfiguration.Output,
                    ct
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string? code,
        DateOnly? from,
        DateOnly? until,
        bool json,
        TextWriter output,
        CancellationToken ct
    )
    {
        if (until < from)
            throw new CommandException($"--until must not be before --from ({from:yyyy-MM-dd}), and is {until:yyyy-MM-dd}.");
        var builder = JobsBuilder.CreateUnconnected([]);
        builder.Services.AddMarkets();
        CommandServices.LogToStandardError(builder);
        using var host = builder.Build();
        host.ValidateConfiguration();
        var markets = host.Services.GetRequiredService<MarketCatalog>();
        var time = host.Services.GetService<TimeProvider>() ?? TimeProvider.System;
        ScheduleReport report = new(output, time.GetUtcNow());
        var connection = builder.Configuration.GetConnectionString(DatabaseConnection.Overnight);
        var state = json || string.IsNullOrWhiteSpace(connection) ? ScheduleState.None : await StateAsync(connection, time, output, ct);
        foreach (var market in code is null ? markets.All : [Market(markets, code)])
        {
            if (json)
                report.WriteJson(market, from, until);
            else
                report.WriteText(market, from, until, state);
        }
        if (code is null)
            report.WriteSets(state);
        return CommandLine.Success;
    }

    /// <summary>
    /// What is paused, and how the latest nights and warms are; nothing, with a line about it, when the database does not answer.
    /// </summary>
    private static async Task<ScheduleState> StateAsync(string connectionString, TimeProvider time, TextWriter output, CancellationToken ct)
    {
        try
        {
            await using var database = NpgsqlDataSource.Create(DatabaseConnection.Complete(connectionString)!);
            return await ScheduleState.ReadAsync(database, time, ct);
        }
        catch (NpgsqlException exception)
        {
            // The calendars need no database, and are what was asked for.
            await output.WriteLineAsync($"What is paused or late is not known: {DatabaseErrors.Explain(exception, null)}");
            return ScheduleState.None;
        }
    }

    private static DateOnly? Day(Option<string?> option, ParseResult parsed)
    {
        var day = RunCommand.Date(parsed.GetValue(option), option.Name);
        return day is null or { Year: >= MarketCatalog.FirstYear and <= MarketCatalog.LastYear }
            ? day
            : throw new CommandException(
                $"{option.Name} must be a day of the years {MarketCatalog.FirstYear} to {MarketCatalog.LastYear}, for which the calendars are made, and is {day:yyyy-MM-dd}."
            );
    }

    private static MarketCalendar Market(MarketCatalog markets, string code)
    {
        try
        {
            return markets.Get(code);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"--{exception.Field}: {exception.Message}", exception);
        }
    }
}
