using Npgsql;
using Overnight.Core.Caching;
using Overnight.Tests.Dashboard;
using StackExchange.Redis;

namespace Overnight.Tests.Warming;

/// <summary>
/// What a night's batch does to a user who has a result of 2026-11-20: a newer one that becomes current, and then its entries.
/// </summary>
internal static class NewerResult
{
    private const string Make = """
        with made as (insert into calculation_results values ($1, '2026-11-21', $2, 1, 0, now(), $3, $4))
        update current_results set business_date = '2026-11-21', run_id = $2 where user_id = $1
        """;

    private const string Current =
        "select c.user_id, r.recommendations, r.portfolio from current_results c join calculation_results r using (user_id, business_date, run_id)";

    /// <summary>In the connection's transaction, if it has one: current for others when that commits.</summary>
    /// <returns>Its entry.</returns>
    public static async Task<byte[]> MakeAsync(NpgsqlConnection connection, Guid user, CancellationToken ct)
    {
        var entry = TestResults.Entry(user, "2.0000");
        await using NpgsqlCommand command = new(Make, connection);
        foreach (var value in (object[])[user, Guid.CreateVersion7(), entry, TestResults.Portfolio(user)])
            command.Parameters.Add(new() { Value = value });
        Assert.Equal(1, await command.ExecuteNonQueryAsync(ct));
        return entry;
    }

    /// <summary>Committed and then cached, as a night does one after the other.</summary>
    public static async Task<byte[]> MakeAndCacheAsync(NpgsqlDataSource database, IDatabase cache, Guid user, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var entry = await MakeAsync(connection, user, ct);
        await CacheAsync(cache, user);
        return entry;
    }

    public static async Task CacheAsync(IDatabase cache, Guid user)
    {
        await cache.StringSetAsync(CacheKeys.Recommendations(user), TestResults.Entry(user, "2.0000"), CacheKeys.ResultTtl);
        await cache.StringSetAsync(CacheKeys.Portfolio(user), TestResults.Portfolio(user), CacheKeys.ResultTtl);
    }

    /// <summary>Every user with a current result has exactly that in the cache.</summary>
    public static async Task AssertAllCachedAsync(NpgsqlDataSource database, IDatabase cache, int users, CancellationToken ct)
    {
        await using var command = database.CreateCommand(Current);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var count = 0;
        for (; await reader.ReadAsync(ct); count++)
        {
            var user = reader.GetGuid(0);
            Assert.Equal(reader.GetFieldValue<byte[]>(1), (byte[]?)await cache.StringGetAsync(CacheKeys.Recommendations(user)));
            Assert.Equal(reader.GetFieldValue<byte[]>(2), (byte[]?)await cache.StringGetAsync(CacheKeys.Portfolio(user)));
        }
        Assert.Equal(users, count);
    }
}
