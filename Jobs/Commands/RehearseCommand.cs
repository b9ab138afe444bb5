using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Deadlines;
using Overnight.Core.Market.Calendars;
using Overnight.Jobs.Rehearsals;
using Spectre.Console;

namespace Overnight.Jobs.Commands;

/// <summary><c>rehearse</c>: runs the nights of some days in fast time, apart from everything.</summary>
internal static class RehearseCommand
{
    /// <summary>Longest period, for a year and its neighbours.</summary>
    private const int MostDays = 400;

    public static Command Create()
    {
        Option<string> from = new("--from") { Description = "First business date (yyyy-MM-dd).", Required = true };
        Option<string> until = new("--until") { Description = "Last business date (yyyy-MM-dd).", Required = true };
        Option<string?> markets = new("--markets") { Description = "Codes of markets with commas between them; all when left out." };
        Command command = new(
            "rehearse",
            "Runs the nights of some days over the stored users and values, in fast time and in a schema of its own, and shows each. "
                + "Exit code 0: every night was done in time; 2: users failed; 3: a night failed or was late."
        )
        {
            from,
            until,
            markets,
        };
        command.SetAction(
            (parsed, ct) =>
                RunAsync(
                    RunCommand.Date(parsed.GetValue(from), from.Name)!.Value,
                    RunCommand.Date(parsed.GetValue(until), until.Name)!.Value,
                    parsed.GetValue(markets),
                    parsed.InvocationConfiguration.Output,
                    ct
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(DateOnly from, DateOnly until, string? codes, TextWriter writer, CancellationToken ct)
    {
        if (until < from || until.DayNumber - from.DayNumber >= MostDays)
            throw new CommandException(
                $"--until must be from {from:yyyy-MM-dd}, which is --from, to {from.AddDays(MostDays - 1):yyyy-MM-dd}, and is {until:yyyy-MM-dd}."
            );
        var builder = JobsBuilder.CreateUnconnected([]);
        builder.Services.AddMarkets();
        CommandServices.LogToStandardError(builder);
        using var host = builder.Build();
        host.ValidateConfiguration();
        if (string.IsNullOrWhiteSpace(builder.Configuration.GetConnectionString(DatabaseConnection.Overnight)))
            throw new CommandException(
                "There is no database to rehearse over: ConnectionStrings:overnight is not set. "
                    + "Start the app (dotnet run --project AppHost), or set ConnectionStrings__overnight."
            );
        var markets = Markets(host.Services.GetRequiredService<MarketCatalog>(), codes);
        CommandOutput output = new(writer, TimeProvider.System);
        await using var simulation = await ScheduleSimulation.CreateAsync(builder.Configuration, markets, ct);
        var done = 0;
        var nights = await simulation.RunAsync(
            from,
            until,
            night => output.Progress($"{++done:N0} done, the last of {night.Day.Market} for {IsoDate.Of(night.Day.Date)}"),
            ct
        );
        output.Write(Table(nights));
        var run = nights.Where(night => night.WhyNot is null).ToList();
        var (lost, partial) = (run.Count(night => night.IsLost), run.Count(night => night.Failed > 0));
        output.Line(
            $"{Plural.Of(run.Count, "night")} rehearsed: {run.Count(night => night.IsWell):N0} done in time and whole, "
                + $"{partial:N0} with users that failed, {lost:N0} late, failed or not started."
        );
        return lost > 0 ? CommandLine.Failed
            : partial > 0 ? CommandLine.Partial
            : CommandLine.Success;
    }

    private static List<string> Markets(MarketCatalog catalog, string? codes)
    {
        if (codes is null)
            return [.. catalog.All.Select(market => market.Code)];
        var asked = codes.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToList();
        if (asked.Count == 0)
            throw new CommandException($"--markets names none. Known: {string.Join(", ", catalog.All.Select(market => market.Code))}.");
        try
        {
            return asked.ConvertAll(code => catalog.Get(code).Code);
        }
        catch (RequestException exception)
        {
            throw new CommandException($"--markets: {exception.Message}", exception);
        }
    }

    private static Table Table(IReadOnlyList<SimulatedDay> nights)
    {
        Table table = new() { Border = TableBorder.None };
        foreach (var column in (string[])["market", "date", "due (UTC)", "deadline", "forecast", "seconds", "users", "failed", "outcome"])
            // On a terminal that is too narrow only the last column is wrapped, so that times and numbers stay whole.
            table.AddColumn(new TableColumn(column) { NoWrap = column != "outcome" });
        foreach (var night in nights)
        {
            // Weekends have none by their nature.
            if (night.Day is { IsOpen: false, Reason: "weekend" })
                continue;
            var (market, date) = (night.Day.Market, $"{night.Day.Date:ddd} {IsoDate.Of(night.Day.Date)}");
            if (night.WhyNot is { } why)
                table.AddRow(market, date, "", "", "", "", "", "", Markup.Escape($"no night: {why}"));
            else
                table.AddRow(
                    market,
                    date,
                    Time(night.Day.DueUtc, "yyyy-MM-dd HH:mm"),
                    Time(night.Day.DeadlineUtc, "HH:mm"),
                    Time(night.ForecastAt, "HH:mm:ss"),
                    night.Took is { } took ? took.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture) : "",
                    $"{night.Computed:N0}",
                    $"{night.Failed:N0}",
                    night.Status is { } status ? $"{status}, {night.State?.Name()}" : "was not started"
                );
        }
        return table;
    }

    private static string Time(DateTimeOffset? moment, string format) =>
        moment is { } time ? time.UtcDateTime.ToString(format, CultureInfo.InvariantCulture) : "";
}
