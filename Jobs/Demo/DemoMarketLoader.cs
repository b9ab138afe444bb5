using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Jobs.Import;
using Overnight.Jobs.Providers;

namespace Overnight.Jobs.Demo;

/// <summary>Reads the market that demo users are made from, and stores the synthetic one when there is none.</summary>
internal static class DemoMarketLoader
{
    private const string Source = "demo",
        Market = "NYSE";

    /// <summary>A currency can be exchanged when it has a rate to the dollar, either way round; the last one counts.</summary>
    private const string RatesQuery = """
        select distinct on (currency) currency, per_dollar from (
            select quote as currency, rate as per_dollar, as_of, known_at from exchange_rates where base = 'USD'
            union all
            select base, 1 / rate, as_of, known_at from exchange_rates where quote = 'USD') r
        where as_of <= $1 order by currency, as_of desc, known_at desc
        """;

    /// <summary>When companies are imported, new users hold those; synthetic assets stay for the users that hold them.</summary>
    private const string AssetsQuery = """
        select a.id, a.symbol, a.currency, exists (select from prices p where p.asset_id = a.id) from assets a
        where not exists (select from prices where source <> 'demo') or not exists (select from prices p where p.asset_id = a.id and p.source = 'demo')
        """;

    private static readonly string MetricsQuery =
        $"select {string.Join(", ", Metrics.Names.Select(n => $"count({n}) > 0"))} from fundamentals";

    public static async Task<DemoMarket> LoadAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct)
    {
        Dictionary<string, decimal> perDollar = [];
        await ReadAsync(
            connection,
            RatesQuery,
            r => perDollar[r.GetString(0)] = decimal.Round(r.GetDecimal(1), 8, MidpointRounding.AwayFromZero),
            ct,
            QuoteValidator.Latest(now)
        );
        List<DemoAsset> assets = [];
        await ReadAsync(
            connection,
            AssetsQuery,
            r =>
            {
                // A user with an asset in a currency without a rate would fail every night.
                if (r.GetString(2) is "USD" || perDollar.ContainsKey(r.GetString(2)))
                    assets.Add(new(r.GetGuid(0), r.GetString(1), r.GetBoolean(3)));
            },
            ct
        );
        List<string> known = [];
        await ReadAsync(
            connection,
            MetricsQuery,
            r =>
            {
                for (var m = 0; m < Metrics.Count; m++)
                {
                    if (r.GetBoolean(m))
                        known.Add(Metrics.Names[m]);
                }
            },
            ct
        );
        return new(assets, perDollar, known);
    }

    /// <returns>True when there were no assets and the synthetic ones were added.</returns>
    public static async Task<bool> AddSyntheticIfEmptyAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken ct)
    {
        var empty = true;
        await ReadAsync(connection, "select from assets limit 1", _ => empty = false, ct);
        if (!empty)
            return false;

        DateTimeOffset asOf = new(now.UtcDateTime.Date, TimeSpan.Zero);
        SyntheticAsset[] assets = [.. SyntheticMarket.Assets()];
        await CopyAssetsAsync(connection, assets, ct);
        await CopyPricesAsync(connection, assets, asOf, now, ct);
        await CopyFundamentalsAsync(connection, assets, asOf, now, ct);
        foreach (var (from, to, rate) in SyntheticMarket.Rates)
        {
            // An imported rate is kept.
            await using var command = connection.Command(
                """
                insert into exchange_rates (base, quote, as_of, rate, source, known_at) select $1, $2, $3, $4, $5, $6
                where not exists (select from exchange_rates where (base, quote) in (($1, $2), ($2, $1)))
                """,
                from,
                to,
                asOf,
                rate,
                Source,
                now
            );
            await command.ExecuteNonQueryAsync(ct);
        }
        return true;
    }

    private static async Task CopyAssetsAsync(NpgsqlConnection connection, SyntheticAsset[] assets, CancellationToken ct)
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy assets (id, market, symbol, name, sector, currency) from stdin (format binary)",
            ct
        );
        foreach (var asset in assets)
        {
            copy.StartRow();
            copy.Write(asset.Id, NpgsqlDbType.Uuid);
            foreach (var text in (string[])[Market, asset.Symbol, asset.Name, asset.Sector, asset.Currency])
                copy.Write(text, NpgsqlDbType.Text);
        }
        await copy.CompleteAsync(ct);
    }

    private static async Task CopyPricesAsync(
        NpgsqlConnection connection,
        SyntheticAsset[] assets,
        DateTimeOffset asOf,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        await using var copy = await connection.BeginBinaryImportAsync(
            "copy prices (asset_id, as_of, price, source, known_at) from stdin (format binary)",
            ct
        );
        foreach (var asset in assets)
        {
            copy.StartRow();
            copy.Write(asset.Id, NpgsqlDbType.Uuid);
            copy.Write(asOf, NpgsqlDbType.TimestampTz);
            copy.Write(asset.Price, NpgsqlDbType.Numeric);
            copy.Write(Source, NpgsqlDbType.Text);
            copy.Write(now, NpgsqlDbType.TimestampTz);
        }
        await copy.CompleteAsync(ct);
    }

    private static async Task CopyFundamentalsAsync(
        NpgsqlConnection connection,
        SyntheticAsset[] assets,
        DateTimeOffset asOf,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var columns = string.Join(", ", Metrics.Names);
        await using var copy = await connection.BeginBinaryImportAsync(
            $"copy fundamentals (asset_id, as_of, source, known_at, {columns}) from stdin (format binary)",
            ct
        );
        foreach (var asset in assets)
        {
            copy.StartRow();
            copy.Write(asset.Id, NpgsqlDbType.Uuid);
            copy.Write(asOf, NpgsqlDbType.TimestampTz);
            copy.Write(Source, NpgsqlDbType.Text);
            copy.Write(now, NpgsqlDbType.TimestampTz);
            foreach (var metric in asset.Metrics)
                copy.WriteOrNull(metric);
        }
        await copy.CompleteAsync(ct);
    }

    private static async Task ReadAsync(
        NpgsqlConnection connection,
        string sql,
        Action<NpgsqlDataReader> read,
        CancellationToken ct,
        params object[] values
    )
    {
        await using var command = connection.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            read(reader);
    }
}
