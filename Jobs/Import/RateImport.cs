using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Import;

/// <summary>How to import exchange rates.</summary>
internal sealed record RateImportOptions
{
    public RateQuoting Quoting { get; init; }
    public bool SkipBadRows { get; init; }

    /// <summary>Whether rates that contradict the stored ones are imported all the same.</summary>
    public bool AcceptContradictions { get; init; }
}

/// <summary>What an import of rates did.</summary>
internal sealed record RateImportResult(
    int Rows,
    DateOnly Newest,
    int Currencies,
    Changes Changes,
    IReadOnlyList<CountryRate> Outdated,
    IReadOnlyList<CountryRate> Doubled,
    BadRows Bad
);

/// <summary>
/// Imports the last exchange rate of each country from the public file, as quoted: all of it or nothing. The same file again changes
/// nothing.
/// </summary>
internal sealed class RateImport(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int DateColumn = 0,
        CountryColumn = 1,
        RateColumn = 2;
    private const decimal MinRate = 0.000_000_000_001m,
        MaxRate = 1e15m;
    private static readonly string[] Columns = ["Date", "Country", "Exchange rate"];

    private const string CreateStage =
        "create temp table imported_rates (base text, quote text, as_of timestamptz, rate numeric(28, 12), line int) on commit drop";
    private const string CopyStage = "copy imported_rates (base, quote, as_of, rate, line) from stdin (format binary)";

    /// <summary>Removes the demo rates of the imported pairs: nobody ever quoted them.</summary>
    private const string RemoveDemo = """
        delete from exchange_rates r using imported_rates i
        where r.source = 'demo' and ((r.base = i.quote and r.quote = i.base) or (r.base = i.base and r.quote = i.quote))
        """;

    /// <summary>$1 now. Of a pair that is quoted both ways at one time the row stored last counts.</summary>
    private const string Merge = """
        with differing as (
            select i.base, i.quote, i.as_of, i.rate, greatest($1, last.known_at + interval '1 microsecond') as known_at, last.known_at is null as is_new
            from imported_rates i
            left join lateral (select r.base, r.rate, r.source, r.known_at from exchange_rates r
                where (r.base, r.quote) in ((i.base, i.quote), (i.quote, i.base)) and r.as_of = i.as_of order by r.known_at desc limit 1) last on true
            where (i.base, i.rate, 'import') is distinct from (last.base, last.rate, last.source)),
        written as (
            insert into exchange_rates (base, quote, as_of, rate, source, known_at)
            select base, quote, as_of, rate, 'import', known_at from differing order by base, quote)
        select count(*) filter (where is_new), count(*) filter (where not is_new) from differing
        """;

    /// <exception cref="CommandException">The file can't be used, or there are bad rows that may not be skipped.</exception>
    public async Task<RateImportResult> RunAsync(string path, RateImportOptions options, IProgress<int>? progress, CancellationToken ct)
    {
        BadRows bad = new();
        RateCollector rates = new();
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        using var table = await CsvTable.OpenAsync(path, Columns, bad, ct);
        while (await table.ReadAsync(ct))
        {
            progress?.Report(table.Rows);
            Read(table, rates, today);
        }
        if (bad.Count > 0 && !options.SkipBadRows)
            throw new BadRowsException(path, bad);
        RequireParity(path, rates, options.Quoting);
        var (quotes, outdated, doubled) = rates.Select(options.Quoting);
        if (quotes.Count == 0)
            throw new CommandException(
                $"{path}: there is nothing to import: {(bad.Count == 0 ? "the file has a header and no rows" : "every row is bad")}.",
                exitCode: CommandLine.Failed
            );

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await ImportTransaction.BeginAsync(connection, ct);
        await connection.ExecuteAsync(CreateStage, ct);
        await StageAsync(connection, quotes, ct);
        var imported = quotes.Count;
        if (!options.AcceptContradictions)
            imported -= await RefuseContradictionsAsync(connection, path, bad, options.SkipBadRows, ct);
        await connection.ExecuteAsync(RemoveDemo, ct);
        var changes = await connection.CountAsync(Merge, ct, time.GetUtcNow());
        await transaction.CommitAsync(ct);
        return new(table.Rows, rates.Newest, imported, changes, outdated, doubled, bad);
    }

    private static void Read(CsvTable table, RateCollector rates, DateOnly today)
    {
        var country = table.Text(CountryColumn);
        if (!DateOnly.TryParseExact(table.Text(DateColumn), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month))
        {
            table.Reject(DateColumn, "is not a date (year-month-day, like 2026-06-01)");
        }
        else if (month > today)
            table.Reject(DateColumn, $"is in the future: today is {today:yyyy-MM-dd} (UTC)");
        if (!CountryCurrencies.IsKnown(country))
            table.Reject(
                CountryColumn,
                "is a country whose currency is not known here; names are those of the file of the Federal Reserve"
            );
        var value = table.Number(RateColumn);
        if (value is < MinRate or > MaxRate)
            table.Reject(RateColumn, "is no exchange rate: it must be above 0 and below 1,000,000,000,000,000");
        else if (value is null && table.RowIsGood)
            table.Reject(RateColumn, "is no exchange rate: the field is empty");
        if (table.RowIsGood && !rates.Add(country, month, value!.Value, table.Line))
            table.Reject(DateColumn, $"is there twice for {country}");
    }

    private static async Task StageAsync(NpgsqlConnection connection, List<RateQuote> quotes, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(CopyStage, ct);
        foreach (var quote in quotes)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(quote.Base, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(quote.Quote, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(new DateTimeOffset(quote.Month, TimeOnly.MinValue, TimeSpan.Zero), NpgsqlDbType.TimestampTz, ct);
            await copy.WriteAsync(quote.Rate, NpgsqlDbType.Numeric, ct);
            await copy.WriteAsync(quote.Line, NpgsqlDbType.Integer, ct);
        }
        await copy.CompleteAsync(ct);
    }

    /// <exception cref="CommandException">The file itself shows that it is quoted otherwise.</exception>
    private static void RequireParity(string path, RateCollector rates, RateQuoting quoting)
    {
        if (rates.FindEuroEvidence() is not { } seen || seen.Quoting == quoting)
            return;
        var (shown, option) =
            seen.Quoting == RateQuoting.UnitsPerDollar
                ? ("units for one dollar", RateQuotingNames.UnitsPerDollar)
                : ("dollars for one unit", RateQuotingNames.Noted);
        throw new CommandException(
            $"{path}: nothing was imported. In {seen.Month:yyyy-MM} the file has {seen.Country} at {seen.Value} and Euro at {seen.Euro}: by the parity that the two currencies were fixed at, "
                + $"that Euro is {shown}, and --quoting {RateQuotingNames.Of(quoting)} reads it the other way round. Import it with --quoting {option}."
        );
    }

    /// <returns>How many were left out.</returns>
    /// <exception cref="BadRowsException">There are some, and they may not be left out.</exception>
    private static async Task<int> RefuseContradictionsAsync(
        NpgsqlConnection connection,
        string path,
        BadRows bad,
        bool skipBadRows,
        CancellationToken ct
    )
    {
        var found = await StoredRateCheck.FindAsync(connection, ct);
        foreach (var (line, value, problem) in found)
            bad.Add(new(line, Columns[RateColumn], value, problem));
        if (found.Count == 0)
            return 0;
        if (!skipBadRows)
            throw new BadRowsException(path, bad);
        await StoredRateCheck.RemoveAsync(connection, found, ct);
        return found.Count;
    }
}
