using Npgsql;
using NpgsqlTypes;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Import;

/// <summary>How to import companies.</summary>
internal sealed record CompanyImportOptions
{
    /// <summary>The day the figures are of; null takes the day the file was last written.</summary>
    public DateOnly? AsOf { get; init; }

    public string Market { get; init; } = "NYSE";
    public bool SkipBadRows { get; init; }
}

/// <summary>What an import of companies did; an unchanged row counts in neither new nor changed.</summary>
/// <param name="WithoutPrice">Symbols that are kept although the file has no price for them, in the file's order.</param>
internal sealed record CompanyImportResult(
    DateOnly AsOf,
    int Assets,
    Changes AssetChanges,
    Changes PriceChanges,
    Changes FundamentalChanges,
    IReadOnlyList<string> WithoutPrice,
    BadRows Bad
);

/// <summary>
/// Imports companies with price and fundamentals from a public file: all of it or nothing, in one transaction. The same file again
/// changes nothing, and the ids of known assets stay.
/// </summary>
internal sealed class CompanyImport(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const string Currency = "USD";

    /// <exception cref="CommandException">The file, the market or the day can't be used, or there are bad rows that may not be
    /// skipped.</exception>
    public async Task<CompanyImportResult> RunAsync(
        string path,
        CompanyImportOptions options,
        IProgress<int>? progress,
        CancellationToken ct
    )
    {
        BadRows bad = new();
        using var table = await CsvTable.OpenAsync(path, CompanyRow.Columns, bad, ct);
        var day = AsOf(path, options);

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await ImportTransaction.BeginAsync(connection, ct);
        await RequireMarketAsync(connection, options.Market, ct);
        await connection.ExecuteAsync(CompanySql.CreateStage, ct);
        var (assets, withoutPrice) = await StageAsync(connection, table, options.SkipBadRows, progress, ct);
        if (bad.Count > 0 && !options.SkipBadRows)
            throw new BadRowsException(path, bad);
        if (assets == 0)
            throw new CommandException(
                $"{path}: there is nothing to import: {(bad.Count == 0 ? "the file has a header and no rows" : "every row is bad")}.",
                exitCode: CommandLine.Failed
            );

        DateTimeOffset asOf = new(day, TimeOnly.MinValue, TimeSpan.Zero);
        var now = time.GetUtcNow();
        var assetChanges = await connection.CountAsync(CompanySql.MergeAssets, ct, options.Market, Currency);
        var prices = await connection.CountAsync(CompanySql.MergePrices, ct, options.Market, asOf, now);
        var fundamentals = await connection.CountAsync(CompanySql.MergeFundamentals, ct, options.Market, asOf, now);
        await transaction.CommitAsync(ct);
        return new(day, assets, assetChanges, prices, fundamentals, withoutPrice, bad);
    }

    private DateOnly AsOf(string path, CompanyImportOptions options)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (options.AsOf is not { } day)
        {
            var written = DateOnly.FromDateTime(File.GetLastWriteTimeUtc(path));
            return written < today ? written : today;
        }
        return day <= today
            ? day
            : throw new CommandException($"--as-of {day:yyyy-MM-dd} is in the future: today is {today:yyyy-MM-dd} (UTC).");
    }

    private static async Task RequireMarketAsync(NpgsqlConnection connection, string market, CancellationToken ct)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "select code from markets order by code";
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<string> known = [];
        while (await reader.ReadAsync(ct))
            known.Add(reader.GetString(0));
        if (!known.Contains(market))
            throw new CommandException(
                $"--market {BadRow.Shorten(market)}: there is no such market. Known are: {string.Join(", ", known)}."
            );
    }

    private static async Task<(int Assets, List<string> WithoutPrice)> StageAsync(
        NpgsqlConnection connection,
        CsvTable table,
        bool skipBadRows,
        IProgress<int>? progress,
        CancellationToken ct
    )
    {
        Dictionary<string, int> lines = new(StringComparer.Ordinal);
        List<string> withoutPrice = [];
        var failed = false;
        await using var copy = await connection.BeginBinaryImportAsync(CompanySql.CopyStage, ct);
        while (await table.ReadAsync(ct))
        {
            progress?.Report(table.Rows);
            var row = CompanyRow.Read(table);
            if (row is not null && !lines.TryAdd(row.Symbol, table.Line))
            {
                table.Reject(0, $"is on line {lines[row.Symbol]} already");
                row = null;
            }
            failed |= row is null;
            // A file that will be refused is read to its end, so that all of its problems are reported.
            if (row is null || (failed && !skipBadRows))
                continue;
            if (row.Price is null)
                withoutPrice.Add(row.Symbol);
            await WriteAsync(copy, row, ct);
        }
        await copy.CompleteAsync(ct);
        return (lines.Count, withoutPrice);
    }

    private static async Task WriteAsync(NpgsqlBinaryImporter copy, CompanyRow row, CancellationToken ct)
    {
        await copy.StartRowAsync(ct);
        await copy.WriteAsync(Guid.CreateVersion7(), NpgsqlDbType.Uuid, ct);
        await copy.WriteAsync(row.Symbol, NpgsqlDbType.Text, ct);
        await copy.WriteAsync(row.Name, NpgsqlDbType.Text, ct);
        await copy.WriteOrNullAsync(row.Sector, NpgsqlDbType.Text, ct);
        foreach (
            var value in (ReadOnlySpan<decimal?>)
                [row.Price, row.DividendYield, row.PeRatio, row.PbRatio, row.MarketCap, row.Revenue, row.Eps, row.Ebitda]
        )
        {
            copy.WriteOrNull(value);
        }
    }
}
