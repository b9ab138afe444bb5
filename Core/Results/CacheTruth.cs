using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Results;

/// <summary>How many cached results were compared with the stored ones, over all processes, and how many differed.</summary>
/// <param name="LastAt">When the last were compared; null before the first.</param>
internal sealed record CacheTruthFigures(long Compared, long Differing, DateTimeOffset? LastAt, DateTimeOffset? LastDifferingAt);

/// <summary>
/// Compares cached results with the stored ones that are in force, some users after another and round again, so that an entry that is not
/// what it came from is found while nobody reads it. Not thread-safe.
/// </summary>
internal sealed class CacheTruth(NpgsqlDataSource database, CacheStore cache, TimeProvider time)
{
    /// <summary>Users compared at a time: two reads of the cache each.</summary>
    internal const int Users = 100;

    private const string Stored = """
        select user_id, r.recommendations, r.portfolio from current_results c
        join calculation_results r using (user_id, business_date, run_id)
        """;

    private const string Next = $"{Stored} where user_id > $1 order by user_id limit $2";

    private const string One = $"{Stored} where user_id = $1";

    private const string Keep = """
        update cache_truth set compared = compared + $1, differing = differing + $2, last_at = $3,
            last_differing_at = case when $2 > 0 then $3 else last_differing_at end
        """;

    private Guid _after;

    private readonly record struct StoredPair(Guid User, byte[] Recommendations, byte[] Portfolio);

    public static async Task<CacheTruthFigures> ReadAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.Command("select compared, differing, last_at, last_differing_at from cache_truth");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1), Time(2), Time(3));

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }

    /// <summary>Compares the next users.</summary>
    /// <returns>Entries that were there and compared, and the users of those that differ.</returns>
    public async Task<(int Compared, IReadOnlyList<Guid> Differing)> SampleAsync(CancellationToken ct)
    {
        var pairs = await ReadAsync(Next, ct, _after, Users);
        _after = pairs.Count < Users ? Guid.Empty : pairs[^1].User;
        var compared = 0;
        List<Guid> differing = [];
        foreach (var pair in pairs)
        {
            var (entries, isSame) = await CompareAsync(pair);
            compared += entries;
            // A result that came into force meanwhile is cached after its commit: what differs is looked at once more.
            if (!isSame && await ReadAsync(One, ct, pair.User) is [var again] && !(await CompareAsync(again)).IsSame)
                differing.Add(pair.User);
        }
        if (compared > 0)
        {
            await using var keep = database.Command(Keep, (long)compared, (long)differing.Count, time.GetUtcNow());
            await keep.ExecuteNonQueryAsync(ct);
        }
        return (compared, differing);
    }

    /// <summary>An entry that is not there, or can't be asked for, is not compared.</summary>
    private async Task<(int Entries, bool IsSame)> CompareAsync(StoredPair pair)
    {
        var (_, recommendations) = await cache.GetAsync(CacheKeys.Recommendations(pair.User));
        var (_, portfolio) = await cache.GetAsync(CacheKeys.Portfolio(pair.User));
        return (
            (recommendations is null ? 0 : 1) + (portfolio is null ? 0 : 1),
            IsSame(recommendations, pair.Recommendations) && IsSame(portfolio, pair.Portfolio)
        );

        static bool IsSame(byte[]? cached, byte[] stored) => cached is null || cached.AsSpan().SequenceEqual(stored);
    }

    private async Task<List<StoredPair>> ReadAsync(string sql, CancellationToken ct, params object[] values)
    {
        List<StoredPair> pairs = [];
        await using var command = database.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            pairs.Add(new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2)));
        return pairs;
    }
}
