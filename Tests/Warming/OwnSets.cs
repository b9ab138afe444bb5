using Microsoft.Extensions.Options;
using Overnight.Core.Warming;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Warming;

/// <summary>A set <c>prices</c> of a user's own.</summary>
internal static class OwnSets
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<WarmFixture> CreateAsync(TestServers servers, string sql, params (string, string)[] more)
    {
        var prefix = $"t{Guid.NewGuid():N}";
        return await WarmFixture.CreateAsync(
            servers,
            Ct,
            settings:
            [
                ("Warming:Sets:prices:Key", $"{prefix}:{{sku}}"),
                ("Warming:Sets:prices:Sql", sql),
                ("Warming:Sets:prices:Ttl", "00:01:00"),
                ("Warming:Sets:prices:StatementTimeout", "00:00:00.500"),
                .. more,
            ]
        );
    }

    /// <summary>Three rows of a table with columns of many types; warmed under one of them.</summary>
    public static async Task<WarmFixture> ShopAsync(TestServers servers, string key, string value, string options = "")
    {
        var database = await servers.CreateDatabaseAsync(Ct);
        await using (var source = Npgsql.NpgsqlDataSource.Create(database))
        {
            await source.ExecuteAsync(
                "create table shop (id int primary key, d date, ts timestamptz, b bool, n numeric, arr text[], f float8, big numeric, span interval, v text)"
            );
            await source.ExecuteAsync(
                """
                insert into shop values
                    (1, '2026-11-28', '2026-11-28 10:00:00+01', true, 1.50, array['a','b'], 0.1, 1, '1 month', 'one'),
                    (2, '0044-03-15 BC', '2026-11-28 10:00:00.123456+01', false, 2.00, array['c'], 1e21, 99100000000000000000000000000000000000, '2 days', 'two'),
                    (3, 'infinity', '2026-11-28 10:00:00.123999+01', false, 2.00, array['d'], 1e22, 3, '48:00', 'three')
                """
            );
            await source.ExecuteAsync("grant select on shop to overnight_sets");
        }
        return WarmFixture.Over(
            database + options,
            await servers.CacheConnectionStringAsync(Ct),
            null,
            ("Warming:Sets:prices:Key", $"t{Guid.NewGuid():N}:{{{key}}}"),
            ("Warming:Sets:prices:Sql", $"select {(key == "id" ? "" : "id, ")}{key}, {value} as value from shop order by id")
        );
    }

    public static string Prefix(WarmFixture warm)
    {
        var key = warm.Get<IOptions<WarmingOptions>>().Value.Sets["prices"].Key!;
        return key[..key.IndexOf(':')];
    }
}
