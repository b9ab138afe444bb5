using Npgsql;
using StackExchange.Redis;

namespace Overnight.Auditor;

/// <summary>
/// Cached results have the bytes of the result in force. An entry that is not there is no fault: it comes back when it is read. Nor is an
/// older one while its batch waits to be cached, such as after an outage of the cache.
/// </summary>
internal static class CacheCheck
{
    private const int Page = 200;

    // A result whose batch row is gone does not count as waiting to be cached.
    private const string Stored = """
        select c.user_id, r.recommendations, r.portfolio, b.run_id is not null and b.cached_at is null
        from (select user_id, business_date, run_id from current_results where user_id > $1 order by user_id limit $2) c
        left join calculation_results r on r.user_id = c.user_id and r.business_date = c.business_date and r.run_id = c.run_id
        left join run_batches b on b.run_id = r.run_id and b.number = r.batch
        order by c.user_id
        """;

    private const string Again = """
        select r.recommendations, r.portfolio from current_results c
        join calculation_results r on r.user_id = c.user_id and r.business_date = c.business_date and r.run_id = c.run_id
        left join run_batches b on b.run_id = r.run_id and b.number = r.batch
        where c.user_id = $1 and (b.run_id is null or b.cached_at is not null)
        """;

    private readonly record struct Entry(Guid User, byte[]? Recommendations, byte[]? Portfolio);

    public static async Task RunAsync(
        NpgsqlConnection connection,
        NpgsqlDataSource database,
        string cacheConnection,
        AuditReport report,
        CancellationToken ct
    )
    {
        try
        {
            await using var server = await ConnectionMultiplexer.ConnectAsync(cacheConnection);
            await CompareAsync(connection, database, server.GetDatabase(), report, ct);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException or ArgumentException)
        {
            report.CacheTrouble = exception.Message;
        }
    }

    private static async Task CompareAsync(
        NpgsqlConnection connection,
        NpgsqlDataSource database,
        IDatabase cache,
        AuditReport report,
        CancellationToken ct
    )
    {
        var after = Guid.Empty;
        while (true)
        {
            var page = await PageAsync(connection, after, ct);
            // One command per key, since the keys of a cluster lie on several servers.
            var recommendations = await Task.WhenAll(page.Select(entry => cache.StringGetAsync($"recs:{entry.User:D}")));
            var portfolios = await Task.WhenAll(page.Select(entry => cache.StringGetAsync($"portfolio:{entry.User:D}")));
            for (var i = 0; i < page.Count; i++)
            {
                if (page[i].Recommendations is not null)
                    await CompareAsync(database, page[i], (byte[]?)recommendations[i], (byte[]?)portfolios[i], report, ct);
            }
            if (page.Count < Page)
                return;
            after = page[^1].User;
        }
    }

    private static async Task CompareAsync(
        NpgsqlDataSource database,
        Entry stored,
        byte[]? recommendations,
        byte[]? portfolio,
        AuditReport report,
        CancellationToken ct
    )
    {
        report.CacheEntries += (recommendations is null ? 0 : 1) + (portfolio is null ? 0 : 1);
        if (IsSame(recommendations, stored.Recommendations) && IsSame(portfolio, stored.Portfolio))
            return;
        // A result that came into force since the audit began is in the cache already, or waits for it.
        await using var command = database.CreateCommand(Again);
        command.Parameters.Add(new() { Value = stored.User });
        await using var reader = await command.ExecuteReaderAsync(ct);
        if (
            !await reader.ReadAsync(ct)
            || IsSame(recommendations, reader.GetFieldValue<byte[]>(0)) && IsSame(portfolio, reader.GetFieldValue<byte[]>(1))
        )
            return;
        report.Add(FindingName.AlteredCache, $"the cached result of user {stored.User} is not the stored one that is in force.");
    }

    private static bool IsSame(byte[]? cached, byte[]? stored) => cached is null || Hashes.Same(cached, stored);

    private static async Task<List<Entry>> PageAsync(NpgsqlConnection connection, Guid after, CancellationToken ct)
    {
        List<Entry> page = [];
        await using var command = connection.Command(Stored, after, Page);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            page.Add(reader.GetBoolean(3) ? new(reader.GetGuid(0), null, null) : new(reader.GetGuid(0), Bytes(1), Bytes(2)));
        return page;

        byte[]? Bytes(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
    }
}
