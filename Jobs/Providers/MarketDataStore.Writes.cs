using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Data;
using Overnight.Core.Market;

namespace Overnight.Jobs.Providers;

/// <summary>Stores what providers deliver: another row where it differs from the one stored last of the same time.</summary>
internal sealed partial class MarketDataStore
{
    // $1 is the source, $2 the time. A replica whose clock is behind stores values that count all the same.
    private const string KnownAt = "greatest($2, last.known_at + interval '1 microsecond')";

    private const string SaveRates = $"""
        insert into exchange_rates (base, quote, as_of, rate, source, known_at)
        select v.base, v.quote, v.as_of, v.rate, $1, {KnownAt}
        from unnest($3::text[], $4::text[], $5::timestamptz[], $6::numeric(28, 12)[]) v (base, quote, as_of, rate)
        left join lateral (select base, rate, source, known_at from exchange_rates
            where (base, quote) in ((v.base, v.quote), (v.quote, v.base)) and as_of = v.as_of order by known_at desc limit 1) last on true
        where (v.base, v.rate, $1) is distinct from (last.base, last.rate, last.source)
        order by v.base, v.quote on conflict do nothing
        """;

    private const string SavePrices = $"""
        insert into prices (asset_id, as_of, price, source, known_at)
        select v.asset, v.as_of, v.price, $1, {KnownAt}
        from unnest($3::uuid[], $4::timestamptz[], $5::numeric(19, 8)[]) v (asset, as_of, price)
        left join lateral (select price, source, known_at from prices
            where asset_id = v.asset and as_of = v.as_of order by known_at desc limit 1) last on true
        where (v.price, $1) is distinct from (last.price, last.source)
        order by v.asset on conflict do nothing
        """;

    /// <summary>Keeps what a provider delivered: it is the last known value from now on.</summary>
    public async Task SaveAsync(IReadOnlyList<QuotedRate> rates, string source, CancellationToken ct)
    {
        await using var command = dataSource.Command(
            SaveRates,
            source,
            time.GetUtcNow(),
            rates.Select(r => r.Base).ToArray(),
            rates.Select(r => r.Quote).ToArray(),
            Times(rates.Select(r => r.AsOf)),
            rates.Select(r => r.Rate).ToArray()
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Keeps what a provider delivered, by asset.</summary>
    public async Task SaveAsync(IReadOnlyDictionary<Guid, LastValue> prices, string source, CancellationToken ct)
    {
        await using var command = dataSource.Command(
            SavePrices,
            source,
            time.GetUtcNow(),
            prices.Keys.ToArray(),
            Times(prices.Values.Select(p => p.AsOf)),
            prices.Values.Select(p => p.Value).ToArray()
        );
        await command.ExecuteNonQueryAsync(ct);
    }

    private static NpgsqlParameter Times(IEnumerable<DateTimeOffset> times) =>
        new() { Value = times.Select(time => time.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz };
}
