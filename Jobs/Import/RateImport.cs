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
}

/// <summary>What an import of rates did.</summary>
/// <param name="Warning">What a reader should know before trusting the rates; null for nothing.</param>
internal sealed record RateImportResult(
    int Rows,
    DateOnly Newest,
    int Currencies,
    Changes Changes,
    IReadOnlyList<CountryRate> Outdated,
    IReadOnlyList<CountryRate> Doubled,
    string? Warning,
    BadRows Bad
);

/// <summary>The last exchange rate of each country from the public file, stored as quoted. All of it or nothing; the same file again changes nothing.</summary>
internal sealed class RateImport(NpgsqlDataSource dataSource)
{
    private const int DateColumn = 0,
        CountryColumn = 1,
        RateColumn = 2;
    private const decimal MinRate = 0.000_000_000_001m,
        MaxRate = 1e15m;
    private static readonly string[] Columns = ["Date", "Country", "Exchange rate"];

    private const string CreateStage =
        "create temp table imported_rates (base text, quote text, as_of timestamptz, rate numeric(28, 12)) on commit drop";
    private const string CopyStage = "copy imported_rates (base, quote, as_of, rate) from stdin (format binary)";

    /// <summary>A pair is stored one way round for a month, and a made-up rate gives way to a real one.</summary>
    private const string RemoveSuperseded = """
        delete from exchange_rates r using imported_rates i
        where (r.base = i.quote and r.quote = i.base and (r.as_of = i.as_of or r.source = 'demo')) or (r.base = i.base and r.quote = i.quote and r.source = 'demo')
        """;

    private const string Merge = """
        with written as (
            insert into exchange_rates as r (base, quote, as_of, rate, source)
            select base, quote, as_of, rate, 'import' from imported_rates order by base, quote
            on conflict (base, quote, as_of) do update set rate = excluded.rate, source = excluded.source
            where (r.rate, r.source) is distinct from (excluded.rate, excluded.source)
            returning r.xmax = 0 as is_new)
        select count(*) filter (where is_new), count(*) filter (where not is_new) from written
        """;

    /// <exception cref="CommandException">The file can't be used, or there are bad rows that may not be skipped.</exception>
    public async Task<RateImportResult> RunAsync(string path, RateImportOptions options, IProgress<int>? progress, CancellationToken ct)
    {
        BadRows bad = new();
        RateCollector rates = new();
        using var table = await CsvTable.OpenAsync(path, Columns, bad, ct);
        while (await table.ReadAsync(ct))
        {
            progress?.Report(table.Rows);
            Read(table, rates);
        }
        if (bad.Count > 0 && !options.SkipBadRows)
            throw new BadRowsException(path, bad);
        var (quotes, outdated, doubled) = rates.Select(options.Quoting);
        if (quotes.Count == 0)
            throw new CommandException(
                $"{path}: there is nothing to import: {(bad.Count == 0 ? "the file has a header and no rows" : "every row is bad")}."
            );

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await ImportTransaction.BeginAsync(connection, ct);
        await connection.ExecuteAsync(CreateStage, ct);
        await StageAsync(connection, quotes, ct);
        await connection.ExecuteAsync(RemoveSuperseded, ct);
        var changes = await connection.CountAsync(Merge, ct);
        await transaction.CommitAsync(ct);
        return new(table.Rows, rates.Newest, quotes.Count, changes, outdated, doubled, Doubt(rates, options.Quoting), bad);
    }

    private static void Read(CsvTable table, RateCollector rates)
    {
        var country = table.Text(CountryColumn);
        if (!DateOnly.TryParseExact(table.Text(DateColumn), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month))
        {
            table.Reject(DateColumn, "is not a date (year-month-day, like 2026-06-01)");
        }
        if (!Currencies.IsKnown(country))
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
        }
        await copy.CompleteAsync(ct);
    }

    private static string? Doubt(RateCollector rates, RateQuoting quoting)
    {
        if (quoting != RateQuoting.Noted || rates.EuroEvidence() is not { UnitsPerDollar: true } seen)
            return null;
        return $"In {seen.Month:yyyy-MM} the file has {seen.Country} at {seen.Value} and Euro at {seen.Euro}. With the parity the two currencies were fixed at, that Euro is units for one dollar, "
            + "while the notes of the data set call it dollars for one unit, and so it was stored. If the rates of AUD, EUR, GBP and NZD look inverted, import again with --quoting units-per-dollar.";
    }
}
