using Npgsql;
using Overnight.Core.Market;

namespace Overnight.Jobs.Providers;

/// <summary>Exchange rates from the table that imports fill: the last one of each pair.</summary>
internal sealed class StoredExchangeRates(NpgsqlDataSource dataSource) : IExchangeRateProvider
{
    public string Name => "stored";

    public async Task<IReadOnlyList<QuotedRate>> FetchAsync(CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand("select distinct on (base, quote) base, quote, rate, as_of from exchange_rates order by base, quote, as_of desc");
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<QuotedRate> rates = [];
        while (await reader.ReadAsync(ct)) rates.Add(new(reader.GetString(0), reader.GetString(1), reader.GetDecimal(2), reader.GetFieldValue<DateTimeOffset>(3)));
        return rates;
    }
}

/// <summary>Prices and fundamentals from the tables that imports fill: the last ones of each asset.</summary>
internal sealed class StoredPrices(NpgsqlDataSource dataSource) : IPriceProvider
{
    private static readonly string Query = $"""
        select a.id, a.symbol, a.currency, p.price, p.as_of, {string.Join(", ", Metrics.Names.Select(n => "f." + n))}
        from assets a
        left join lateral (select price, as_of from prices where asset_id = a.id order by as_of desc limit 1) p on true
        left join lateral (select * from fundamentals where asset_id = a.id order by as_of desc limit 1) f on true
        order by a.id
        """;

    public string Name => "stored";

    public async Task<IReadOnlyList<QuotedAsset>> FetchAsync(CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand(Query);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<QuotedAsset> assets = [];
        while (await reader.ReadAsync(ct))
        {
            var fundamentals = new decimal?[Metrics.Count];
            for (var m = 0; m < Metrics.Count; m++) fundamentals[m] = reader.IsDBNull(5 + m) ? null : reader.GetDecimal(5 + m);
            assets.Add(new(
                new(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetDecimal(3), fundamentals),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4)));
        }
        return assets;
    }
}
