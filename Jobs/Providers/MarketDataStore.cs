using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>
/// The tables that imports and providers fill. They are a source themselves, replace a provider that does not deliver, and are what its
/// answers are compared with. A value dated in the future is not used: it would be the last one for ever.
/// </summary>
internal sealed class MarketDataStore(NpgsqlDataSource dataSource, IOptions<ProvidersOptions> options, TimeProvider time)
{
    // PostgreSQL's range of times is larger than .NET's: values beyond .NET's are refused, and values in the future are left until
    // their time comes. $3 is the latest time, $4 the providers that are switched off.
    private const string IsOfCalendar = "as_of between '1900-01-01' and $3 and source <> all ($4)",
        IsNoFuture = "(as_of <= $3 or as_of > '9999-12-31') and source <> all ($4)",
        AsOfCalendar = "least(greatest(as_of, '1900-01-01'), '9999-12-31')";

    // The newest of each pair whichever way round it was quoted: a provider may quote the other way than an import did.
    private const string LastRates = $"""
        select distinct on (least(base, quote), greatest(base, quote)) base, quote, rate, as_of
        from exchange_rates where rate between $1 and $2 and {IsOfCalendar} order by least(base, quote), greatest(base, quote), as_of desc, base
        """;

    private const string LastRefusedRates = $"""
        select distinct on (least(base, quote), greatest(base, quote)) base, quote, rate, {AsOfCalendar}
        from exchange_rates where not (rate between $1 and $2 and as_of between '1900-01-01' and $3) and {IsNoFuture}
        order by least(base, quote), greatest(base, quote), as_of desc, base
        """;

    private const string NeededCurrencies = """
        select currency from assets union
        select u.base_currency from user_markets m join users u on u.id = m.user_id where m.market = $1 and u.deleted_at is null and u.banned_at is null
        """;

    private const string SaveRates = """
        insert into exchange_rates as r (base, quote, as_of, rate, source)
        select base, quote, as_of, rate, $5 from unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[]) v (base, quote, as_of, rate)
        order by base, quote
        on conflict (base, quote, as_of) do update set rate = excluded.rate, source = excluded.source
        where (r.rate, r.source) is distinct from (excluded.rate, excluded.source)
        """;

    private const string SavePrices = """
        insert into prices as p (asset_id, as_of, price, source)
        select asset, as_of, price, $4 from unnest($1::uuid[], $2::timestamptz[], $3::numeric[]) v (asset, as_of, price) order by asset
        on conflict (asset_id, as_of) do update set price = excluded.price, source = excluded.source
        where (p.price, p.source) is distinct from (excluded.price, excluded.source)
        """;

    /// <summary>Column of the first metric in <see cref="LastPrices"/>.</summary>
    private const int FirstMetric = 9;

    // A price that is newer than the one accepted is one that was refused.
    private static readonly string LastPrices = $"""
        select a.id, a.symbol, a.currency, a.market, p.price, p.as_of, n.price, n.as_of, a.name, {string.Join(
            ", ",
            Metrics.Names.Select(n => "f." + n)
        )}
        from assets a
        left join lateral (select price, as_of from prices where asset_id = a.id and price between $1 and $2 and {IsOfCalendar}
            order by as_of desc limit 1) p on true
        left join lateral (select price, {AsOfCalendar} as as_of from prices where asset_id = a.id and as_of > coalesce(p.as_of, '-infinity')
            and {IsNoFuture} order by as_of desc limit 1) n on true
        left join lateral (select * from fundamentals where asset_id = a.id and as_of <= $3 order by as_of desc limit 1) f on true
        order by a.id
        """;

    /// <inheritdoc cref="RatesAsync(NpgsqlConnection, ProvidersOptions, DateTimeOffset, CancellationToken)"/>
    public async Task<(IReadOnlyList<QuotedRate> Rates, IReadOnlyList<Refusal> Refused)> RatesAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await RatesAsync(connection, options.Value, QuoteValidator.Latest(time.GetUtcNow()), ct);
    }

    /// <summary>The last accepted rate of each pair of currencies, and newer ones that are refused.</summary>
    /// <param name="latest">Values of a later time are not used.</param>
    public static async Task<(IReadOnlyList<QuotedRate> Rates, IReadOnlyList<Refusal> Refused)> RatesAsync(
        NpgsqlConnection connection,
        ProvidersOptions options,
        DateTimeOffset latest,
        CancellationToken ct
    )
    {
        var off = options.Off(options.Rates);
        var rates = await RatesAsync(connection, LastRates, latest, off, ct);
        var last = rates.ToDictionary(Pair, r => r.AsOf);
        var refused = await RatesAsync(connection, LastRefusedRates, latest, off, ct);
        return (
            rates,
            [
                .. refused
                    .Where(r => !last.TryGetValue(Pair(r), out var asOf) || asOf < r.AsOf)
                    .Select(r => Refusal.OutOfRange($"{r.Base}/{r.Quote}", r.Rate, r.AsOf)),
            ]
        );

        static (string, string) Pair(QuotedRate rate) =>
            string.CompareOrdinal(rate.Base, rate.Quote) < 0 ? (rate.Base, rate.Quote) : (rate.Quote, rate.Base);
    }

    private static async Task<List<QuotedRate>> RatesAsync(
        NpgsqlConnection connection,
        string query,
        DateTimeOffset latest,
        string[] off,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(query, MarketBounds.LeastRate, MarketBounds.MostRate, latest, off);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<QuotedRate> rates = [];
        while (await reader.ReadAsync(ct))
            rates.Add(new(reader.GetString(0), reader.GetString(1), reader.GetDecimal(2), reader.GetFieldValue<DateTimeOffset>(3)));
        return rates;
    }

    /// <inheritdoc cref="AssetsAsync(NpgsqlConnection, ProvidersOptions, DateTimeOffset, CancellationToken)"/>
    public async Task<(QuotedAsset[] Assets, IReadOnlyDictionary<int, Refusal> Refused)> AssetsAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await AssetsAsync(connection, options.Value, QuoteValidator.Latest(time.GetUtcNow()), ct);
    }

    /// <summary>
    /// Every asset with its last accepted price and its fundamentals, and newer prices that are refused, by the asset's index.
    /// </summary>
    /// <param name="latest">Values of a later time are not used.</param>
    public static async Task<(QuotedAsset[] Assets, IReadOnlyDictionary<int, Refusal> Refused)> AssetsAsync(
        NpgsqlConnection connection,
        ProvidersOptions options,
        DateTimeOffset latest,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(
            LastPrices,
            MarketBounds.LeastPrice,
            MarketBounds.MostPrice,
            latest,
            options.Off(options.Prices)
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<QuotedAsset> assets = [];
        Dictionary<int, Refusal> refused = [];
        while (await reader.ReadAsync(ct))
        {
            var fundamentals = new decimal?[Metrics.Count];
            for (var m = 0; m < Metrics.Count; m++)
                fundamentals[m] = reader.IsDBNull(FirstMetric + m) ? null : reader.GetDecimal(FirstMetric + m);
            if (!reader.IsDBNull(6))
                refused.Add(
                    assets.Count,
                    Refusal.OutOfRange(reader.GetString(1), reader.GetDecimal(6), reader.GetFieldValue<DateTimeOffset>(7))
                );
            assets.Add(
                new(
                    new(
                        reader.GetGuid(0),
                        reader.GetString(1),
                        reader.GetString(2),
                        reader.IsDBNull(4) ? null : reader.GetDecimal(4),
                        fundamentals,
                        reader.GetString(8)
                    ),
                    reader.GetString(3),
                    reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5)
                )
            );
        }
        return ([.. assets], refused);
    }

    /// <summary>Currencies of assets, and those that users of the market want their amounts in.</summary>
    public async Task<IReadOnlySet<string>> CurrenciesAsync(string market, CancellationToken ct)
    {
        await using var command = dataSource.Command(NeededCurrencies, market);
        await using var reader = await command.ExecuteReaderAsync(ct);
        HashSet<string> currencies = [];
        while (await reader.ReadAsync(ct))
            currencies.Add(MinorUnits.CurrencyOf(reader.GetString(0)));
        return currencies;
    }

    /// <summary>Keeps what a provider delivered: it is the last known value from now on.</summary>
    public async Task SaveAsync(IReadOnlyList<QuotedRate> rates, string source, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand(SaveRates);
        command.Parameters.Add(new() { Value = rates.Select(r => r.Base).ToArray() });
        command.Parameters.Add(new() { Value = rates.Select(r => r.Quote).ToArray() });
        command.Parameters.Add(
            new() { Value = rates.Select(r => r.AsOf.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz }
        );
        command.Parameters.Add(new() { Value = rates.Select(r => r.Rate).ToArray() });
        command.Parameters.Add(new() { Value = source });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Keeps what a provider delivered, by asset.</summary>
    public async Task SaveAsync(IReadOnlyDictionary<Guid, LastValue> prices, string source, CancellationToken ct)
    {
        await using var command = dataSource.CreateCommand(SavePrices);
        command.Parameters.Add(new() { Value = prices.Keys.ToArray() });
        command.Parameters.Add(
            new()
            {
                Value = prices.Values.Select(p => p.AsOf.UtcDateTime).ToArray(),
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            }
        );
        command.Parameters.Add(new() { Value = prices.Values.Select(p => p.Value).ToArray() });
        command.Parameters.Add(new() { Value = source });
        await command.ExecuteNonQueryAsync(ct);
    }
}
