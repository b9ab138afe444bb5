using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Market;
using Overnight.Tests.Pipeline;

namespace Overnight.Tests.Properties;

/// <summary>Puts random users and markets into the tables, by set.</summary>
internal static class PropertyTables
{
    public static async Task AddAssetsAsync(
        this PipelineFixture night,
        IReadOnlyList<MarketAsset> assets,
        Random random,
        CancellationToken ct
    ) =>
        await night.ExecuteAsync(
            """
            insert into assets (id, market, symbol, name, currency, sector) select *, null
            from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
            """,
            ct,
            assets.Select(a => a.Id).ToArray(),
            assets.Select(_ => "NYSE").ToArray(),
            assets.Select(a => a.Symbol).ToArray(),
            assets.Select(_ => RandomText.Of(random, 200)).ToArray(),
            assets.Select(a => a.Currency).ToArray()
        );

    public static async Task AddUsersAsync(this PipelineFixture night, IReadOnlyList<RandomUser> users, CancellationToken ct)
    {
        await night.ExecuteAsync(
            """
            insert into users (id, email, display_name, base_currency, deleted_at) select id, email, name, base, case when gone then now() end
            from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bool[]) u (id, email, name, base, gone)
            """,
            ct,
            users.Select(u => u.Id).ToArray(),
            users.Select(u => u.Email).ToArray(),
            users.Select(u => u.DisplayName).ToArray(),
            users.Select(u => u.BaseCurrency).ToArray(),
            users.Select(u => u.IsGone).ToArray()
        );
        await night.ExecuteAsync(
            "insert into user_markets select *, 'NYSE' from unnest($1::uuid[])",
            ct,
            users.Where(u => u.HasMarket).Select(u => u.Id).ToArray()
        );
        var withCriteria = users.Where(u => u.Criteria is not null).ToList();
        await night.ExecuteAsync(
            "insert into criteria_versions (user_id, version, id, rules) select id, 1, id, rules::json from unnest($1::uuid[], $2::text[]) c (id, rules)",
            ct,
            withCriteria.Select(u => u.Id).ToArray(),
            withCriteria.Select(u => u.Criteria!).ToArray()
        );
        await night.ExecuteAsync(
            "insert into portfolios (user_id, contribution, criteria_version) select * from unnest($1::uuid[], $2::numeric[], $3::int[])",
            ct,
            users.Select(u => u.Id).ToArray(),
            users.Select(u => u.Contribution).ToArray(),
            users.Select(u => u.Criteria is null ? (int?)null : 1).ToArray()
        );
        var classes = users.SelectMany(u => u.Classes, (u, c) => (User: u.Id, Class: c)).ToList();
        await night.ExecuteAsync(
            """
            insert into asset_classes (user_id, id, name, target_min, target_max, min_amount) select *
            from unnest($1::uuid[], $2::uuid[], $3::text[], $4::numeric[], $5::numeric[], $6::numeric[])
            """,
            ct,
            classes.Select(c => c.User).ToArray(),
            classes.Select(c => c.Class.Id).ToArray(),
            classes.Select(c => c.Class.Name).ToArray(),
            classes.Select(c => c.Class.TargetMin).ToArray(),
            classes.Select(c => c.Class.TargetMax).ToArray(),
            classes.Select(c => c.Class.MinAmount).ToArray()
        );
        var holdings = users.SelectMany(u => u.Holdings, (u, h) => (User: u.Id, Holding: h)).ToList();
        await night.ExecuteAsync(
            """
            insert into holdings (user_id, asset_id, class_id, quantity, ignored) select *
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::numeric[], $5::bool[])
            """,
            ct,
            holdings.Select(h => h.User).ToArray(),
            holdings.Select(h => h.Holding.Asset).ToArray(),
            holdings.Select(h => h.Holding.Class).ToArray(),
            holdings.Select(h => h.Holding.Quantity).ToArray(),
            holdings.Select(h => h.Holding.Ignored).ToArray()
        );
    }

    /// <summary>In the place of whatever market there was.</summary>
    public static async Task ReplaceMarketAsync(this PipelineFixture night, RandomMarket market, CancellationToken ct)
    {
        await night.ExecuteAsync("truncate prices, fundamentals, exchange_rates", ct);
        await night.ExecuteAsync(
            "insert into prices (asset_id, as_of, price, source) select *, 'test' from unnest($1::uuid[], $2::timestamptz[], $3::numeric[])",
            ct,
            market.Prices.Select(p => p.Asset).ToArray(),
            market.Prices.Select(p => p.AsOf.UtcDateTime).ToArray(),
            market.Prices.Select(p => p.Price).ToArray()
        );
        await night.ExecuteAsync(
            """
            insert into exchange_rates (base, quote, as_of, rate, source) select *, 'test'
            from unnest($1::text[], $2::text[], $3::timestamptz[], $4::numeric[])
            """,
            ct,
            market.Rates.Select(r => r.Base).ToArray(),
            market.Rates.Select(r => r.Quote).ToArray(),
            market.Rates.Select(r => r.AsOf.UtcDateTime).ToArray(),
            market.Rates.Select(r => r.Rate).ToArray()
        );
        var metrics = Enumerable.Range(0, RandomMarket.Metrics).ToList();
        await using var command = night.Database.CreateCommand(
            $"insert into fundamentals (asset_id, as_of, source, {string.Join(", ", Metrics.Names)}) select asset, as_of, 'test', {string.Join(", ", metrics.Select(m => $"m{m}"))} from unnest($1::uuid[], $2::timestamptz[], {string.Join(", ", metrics.Select(m => $"${m + 3}::numeric[]"))}) f (asset, as_of, {string.Join(", ", metrics.Select(m => $"m{m}"))})"
        );
        command.Parameters.Add(new() { Value = market.Fundamentals.Select(f => f.Asset).ToArray() });
        command.Parameters.Add(new() { Value = market.Fundamentals.Select(f => f.AsOf.UtcDateTime).ToArray() });
        foreach (var m in metrics)
        {
            command.Parameters.Add(
                new NpgsqlParameter
                {
                    Value = market.Fundamentals.Select(f => f.Values[m]).ToArray(),
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Numeric,
                }
            );
        }
        await command.ExecuteNonQueryAsync(ct);
    }
}
