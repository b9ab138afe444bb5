using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Core;
using Overnight.Jobs.Import;

namespace Overnight.Jobs.Commands;

/// <summary><c>import companies FILE</c> and <c>import rates FILE</c>.</summary>
internal static class ImportCommand
{
    public static Command Create() =>
        new("import", "Imports public market data; a file is imported as a whole or not at all.") { Companies(), Rates() };

    private static Command Companies()
    {
        var file = FileArgument(
            "Symbol, Name, Sector, Price, Price/Earnings, Dividend Yield, Earnings/Share, Market Cap, EBITDA, Price/Sales, Price/Book"
        );
        Option<DateOnly?> asOf = new("--as-of")
        {
            Description = "The day the figures are of, year-month-day; without it, the day the file was last written.",
            CustomParser = ParseDay,
        };
        Option<string> market = new("--market")
        {
            Description = "The market the companies are listed at.",
            DefaultValueFactory = _ => "NYSE",
        };
        var skip = SkipOption();
        Command command = new("companies", "Imports companies with price and fundamentals, in US dollars.") { file, asOf, market, skip };
        command.SetWork(
            async (parsed, services, output, ct) =>
            {
                var import = ActivatorUtilities.CreateInstance<CompanyImport>(services);
                CompanyImportOptions options = new()
                {
                    AsOf = parsed.GetValue(asOf),
                    Market = parsed.GetRequiredValue(market),
                    SkipBadRows = parsed.GetValue(skip),
                };
                Tell(output, await import.RunAsync(parsed.GetRequiredValue(file), options, output.Progress<int>(Describe), ct));
                return CommandLine.Success;
            }
        );
        return command;
    }

    private static Command Rates()
    {
        var file = FileArgument("Date, Country, Exchange rate");
        var skip = SkipOption();
        Option<string> quoting = new("--quoting")
        {
            Description =
                $"{RateQuotingNames.UnitsPerDollar}: all in units for one dollar, as the public file is; "
                + $"{RateQuotingNames.Noted}: Australia, Euro, Ireland, New Zealand and United Kingdom in dollars for one unit, as its notes say.",
            DefaultValueFactory = _ => RateQuotingNames.UnitsPerDollar,
        };
        quoting.AcceptOnlyFromAmong(RateQuotingNames.UnitsPerDollar, RateQuotingNames.Noted);
        Option<bool> accept = new(StoredRateCheck.AcceptOption)
        {
            Description = "Imports also rates that are too far from the stored ones, or look like the inverse of them.",
        };
        Command command = new("rates", "Imports the last exchange rate of each country.") { file, quoting, accept, skip };
        command.SetWork(
            async (parsed, services, output, ct) =>
            {
                var import = ActivatorUtilities.CreateInstance<RateImport>(services);
                RateImportOptions options = new()
                {
                    Quoting = parsed.GetValue(quoting) == RateQuotingNames.Noted ? RateQuoting.Noted : RateQuoting.UnitsPerDollar,
                    AcceptContradictions = parsed.GetValue(accept),
                    SkipBadRows = parsed.GetValue(skip),
                };
                Tell(output, await import.RunAsync(parsed.GetRequiredValue(file), options, output.Progress<int>(Describe), ct));
                return CommandLine.Success;
            }
        );
        return command;
    }

    private static Argument<string> FileArgument(string columns) =>
        new("FILE") { Description = $"A CSV file in UTF-8 whose header has the columns {columns}." };

    private static Option<bool> SkipOption() =>
        new("--skip-bad-rows") { Description = "Imports the good rows and lists the bad ones; without it one bad row refuses the file." };

    private static DateOnly? ParseDay(ArgumentResult result)
    {
        var text = result.Tokens[^1].Value;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        result.AddError($"--as-of must be a day of the calendar as yyyy-MM-dd, not '{BadRow.Shorten(text)}'.");
        return null;
    }

    private static string Describe(int rows) => $"{Plural.Of(rows, "row")} read";

    private static void Tell(CommandOutput output, CompanyImportResult result)
    {
        TellSkipped(output, result.Bad);
        var (assets, prices, fundamentals) = (result.AssetChanges, result.PriceChanges, result.FundamentalChanges);
        output.Line($"{Plural.Of(result.Assets, "asset")}, {assets.New} new, {assets.Changed} changed.");
        output.Line(
            $"Prices of {result.AsOf:yyyy-MM-dd}: {prices.New} new, {prices.Changed} changed. "
                + $"Fundamentals: {fundamentals.New} new, {fundamentals.Changed} changed."
        );
        if (assets.None && prices.None && fundamentals.None)
            output.Line("Nothing changed: all of it was there already.");
        if (result.WithoutPrice.Count > 0)
            output.Line($"{result.WithoutPrice.Count} without a price in the file, kept: {string.Join(", ", result.WithoutPrice)}.");
    }

    private static void Tell(CommandOutput output, RateImportResult result)
    {
        TellSkipped(output, result.Bad);
        foreach (var rate in result.Outdated)
        {
            output.Line(
                $"Skipped {rate.Country} ({rate.Currency}): its last rate is of {rate.Month:yyyy-MM-dd}, over two years before the newest of the file."
            );
        }
        foreach (var rate in result.Doubled)
            output.Line($"Skipped {rate.Country}: another country of the file gives the rate of {rate.Currency}.");
        output.Line(
            $"{Plural.Of(result.Rows, "row")}, {Plural.Of(result.Currencies, "currency", "currencies")} up to {result.Newest:yyyy-MM-dd}: "
                + $"{Plural.Of(result.Changes.New, "rate")} new, {result.Changes.Changed} changed."
        );
        if (result.Changes.None)
            output.Line("Nothing changed: all of it was there already.");
    }

    private static void TellSkipped(CommandOutput output, BadRows bad)
    {
        if (bad.Count == 0)
            return;
        foreach (var line in bad.Describe())
            output.Line($"Skipped {line}");
        output.Line($"{Plural.Of(bad.Count, "bad row")} skipped.");
    }
}
