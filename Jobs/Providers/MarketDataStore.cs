using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Market;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>
/// The tables that imports and providers fill. They are a source themselves, replace a provider that does not deliver, and are what its
/// answers are compared with. A value dated in the future is not used: it would be the last one for ever. Of several values of one time
/// the one stored last counts.
/// </summary>
internal sealed partial class MarketDataStore(NpgsqlDataSource dataSource, IOptions<ProvidersOptions> options, TimeProvider time)
{
    // PostgreSQL's range of times is larger than .NET's: values beyond .NET's are refused, and values in the future are left until
    // their time comes. $3 is the latest time, $4 the providers that are switched off, $5 when a value was known at the latest; null for
    // what is known now.
    private const string IsKnown = "($5::timestamptz is null or known_at <= $5)",
        IsUsed = $"source <> all ($4) and {IsKnown}",
        IsOfCalendar = $"as_of between '1900-01-01' and $3 and {IsUsed}",
        IsNoFuture = $"(as_of <= $3 or as_of > '9999-12-31') and {IsUsed}",
        AsOfCalendar = "least(greatest(as_of, '1900-01-01'), '9999-12-31')";

    // The newest of each pair whichever way round it was quoted: a provider may quote the other way than an import did.
    private const string LastRates = $"""
        select distinct on (least(base, quote), greatest(base, quote)) base, quote, rate, as_of, known_at
        from exchange_rates where rate between $1 and $2 and {IsOfCalendar}
        order by least(base, quote), greatest(base, quote), as_of desc, known_at desc, base
        """;

    private const string LastRefusedRates = $"""
        select distinct on (least(base, quote), greatest(base, quote)) base, quote, rate, {AsOfCalendar}, known_at
        from exchange_rates where not (rate between $1 and $2 and as_of between '1900-01-01' and $3) and {IsNoFuture}
        order by least(base, quote), greatest(base, quote), as_of desc, known_at desc, base
        """;

    private const string NeededCurrencies = """
        select currency from assets union
        select u.base_currency from user_markets m join users u on u.id = m.user_id where m.market = $1 and u.deleted_at is null and u.banned_at is null
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
        left join lateral (select price, as_of, known_at from prices where asset_id = a.id and price between $1 and $2 and {IsOfCalendar}
            order by as_of desc, known_at desc limit 1) p on true
        left join lateral (select price, {AsOfCalendar} as as_of from prices
            where asset_id = a.id and (as_of, known_at) > (coalesce(p.as_of, '-infinity'), coalesce(p.known_at, '-infinity'))
            and {IsNoFuture} order by prices.as_of desc, known_at desc limit 1) n on true
        left join lateral (select * from fundamentals where asset_id = a.id and as_of <= $3 and {IsKnown}
            order by as_of desc, known_at desc limit 1) f on true
        order by a.id
        """;

    /// <inheritdoc cref="RatesAsync(NpgsqlConnection, ProvidersOptions, ValueLimits, CancellationToken)"/>
    public async Task<(IReadOnlyList<QuotedRate> Rates, IReadOnlyList<Refusal> Refused)> RatesAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await RatesAsync(connection, options.Value, ValueLimits.Of(time.GetUtcNow()), ct);
    }

    /// <summary>The last accepted rate of each pair of currencies, and newer ones that are refused.</summary>
    public static async Task<(IReadOnlyList<QuotedRate> Rates, IReadOnlyList<Refusal> Refused)> RatesAsync(
        NpgsqlConnection connection,
        ProvidersOptions options,
        ValueLimits limits,
        CancellationToken ct
    )
    {
        var off = options.Off(options.Rates);
        var rates = await RatesAsync(connection, LastRates, limits, off, ct);
        var last = rates.ToDictionary(stored => Pair(stored.Rate), Age);
        var refused = await RatesAsync(connection, LastRefusedRates, limits, off, ct);
        return (
            rates.ConvertAll(stored => stored.Rate),
            [
                .. refused
                    .Where(stored => !last.TryGetValue(Pair(stored.Rate), out var age) || age.CompareTo(Age(stored)) < 0)
                    .Select(stored => Refusal.OutOfRange($"{stored.Rate.Base}/{stored.Rate.Quote}", stored.Rate.Rate, stored.Rate.AsOf)),
            ]
        );

        static (string, string) Pair(QuotedRate rate) =>
            string.CompareOrdinal(rate.Base, rate.Quote) < 0 ? (rate.Base, rate.Quote) : (rate.Quote, rate.Base);

        static (DateTimeOffset, DateTimeOffset) Age((QuotedRate Rate, DateTimeOffset KnownAt) stored) => (stored.Rate.AsOf, stored.KnownAt);
    }

    private static async Task<List<(QuotedRate Rate, DateTimeOffset KnownAt)>> RatesAsync(
        NpgsqlConnection connection,
        string query,
        ValueLimits limits,
        string[] off,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(
            query,
            MarketBounds.LeastRate,
            MarketBounds.MostRate,
            limits.Latest,
            off,
            limits.KnownBy
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<(QuotedRate, DateTimeOffset)> rates = [];
        while (await reader.ReadAsync(ct))
        {
            rates.Add(
                (
                    new(reader.GetString(0), reader.GetString(1), reader.GetDecimal(2), reader.GetFieldValue<DateTimeOffset>(3)),
                    reader.GetFieldValue<DateTimeOffset>(4)
                )
            );
        }
        return rates;
    }

    /// <inheritdoc cref="AssetsAsync(NpgsqlConnection, ProvidersOptions, ValueLimits, CancellationToken)"/>
    public async Task<(QuotedAsset[] Assets, IReadOnlyDictionary<int, Refusal> Refused)> AssetsAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await AssetsAsync(connection, options.Value, ValueLimits.Of(time.GetUtcNow()), ct);
    }

    /// <summary>
    /// Every asset with its last accepted price and its fundamentals, and newer prices that are refused, by the asset's index.
    /// </summary>
    public static async Task<(QuotedAsset[] Assets, IReadOnlyDictionary<int, Refusal> Refused)> AssetsAsync(
        NpgsqlConnection connection,
        ProvidersOptions options,
        ValueLimits limits,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(
            LastPrices,
            MarketBounds.LeastPrice,
            MarketBounds.MostPrice,
            limits.Latest,
            options.Off(options.Prices),
            limits.KnownBy
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
}
