using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core.Results;

/// <summary>How many cached entries, two a user, all processes have compared with the stored results, and how many differed.</summary>
/// <param name="LastAt">When the last were compared; null before the first.</param>
internal sealed record CacheTruthFigures(long Compared, long Differing, DateTimeOffset? LastAt, DateTimeOffset? LastDifferingAt);

/// <summary>
/// Compares cached results with the stored ones that are in force, some users after another and round again, so that an entry that is not
/// what it came from is found while nobody reads it. Where the round is, is kept in the database: it goes on after a restart, and processes
/// share it.
/// </summary>
internal sealed class CacheTruth(NpgsqlDataSource database, CacheStore cache, TimeProvider time)
{
    /// <summary>Users compared at a time: two reads of the cache each.</summary>
    internal const int Users = 100;

    private const string Take = "select last_user from cache_truth for no key update";

    private const string Move = "update cache_truth set last_user = $1";

    // Left out: a result whose batch is not cached yet, such as after an outage of the cache. An older entry is right until then.
    private const string Stored = """
        left join calculation_results r on r.user_id = c.user_id and r.business_date = c.business_date and r.run_id = c.run_id
            and not exists (select from run_batches b where b.run_id = r.run_id and b.number = r.batch and b.cached_at is null)
        """;

    private const string Next = $"""
        select c.user_id, r.recommendations, r.portfolio
        from (select user_id, business_date, run_id from current_results where user_id > $1 order by user_id limit $2) c {Stored}
        order by c.user_id
        """;

    private const string One = $"select c.user_id, r.recommendations, r.portfolio from current_results c {Stored} where c.user_id = $1";

    private const string Keep = """
        update cache_truth set compared = compared + $1, differing = differing + $2, last_at = $3,
            last_differing_at = case when $2 > 0 then $3 else last_differing_at end
        """;

    /// <summary>Null where nothing is to be compared.</summary>
    private readonly record struct StoredPair(Guid User, byte[]? Recommendations, byte[]? Portfolio);

    public static async Task<CacheTruthFigures> ReadAsync(NpgsqlDataSource database, CancellationToken ct)
    {
        await using var command = database.Command("select compared, differing, last_at, last_differing_at from cache_truth");
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return new(reader.GetInt64(0), reader.GetInt64(1), Time(2), Time(3));

        DateTimeOffset? Time(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }

    /// <summary>Compares the next users.</summary>
    public async Task<CacheSample> SampleAsync(CancellationToken ct)
    {
        var compared = 0;
        List<Guid> users = [];
        var differing = 0;
        foreach (var pair in await TakeAsync(ct))
        {
            var (entries, different) = await CompareAsync(pair);
            compared += entries;
            if (different == 0)
                continue;
            // A result that came into force meanwhile is cached after its commit: what differs is looked at once more.
            await using var connection = await database.OpenConnectionAsync(ct);
            if (
                await ReadAsync(connection, One, ct, pair.User) is [var again]
                && (await CompareAsync(again)).Differing is > 0 and var still
            )
            {
                differing += still;
                users.Add(pair.User);
            }
        }
        if (compared > 0)
        {
            await using var keep = database.Command(Keep, (long)compared, (long)differing, time.GetUtcNow());
            await keep.ExecuteNonQueryAsync(ct);
        }
        return new(compared, differing, users);
    }

    /// <summary>Takes the next users, so that no other process compares them in this round.</summary>
    private async Task<List<StoredPair>> TakeAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        Guid after;
        await using (var take = connection.Command(Take))
            after = (Guid)(await take.ExecuteScalarAsync(ct))!;
        var pairs = await ReadAsync(connection, Next, ct, after, Users);
        await using (var move = connection.Command(Move, pairs.Count < Users ? Guid.Empty : pairs[^1].User))
            await move.ExecuteNonQueryAsync(ct);
        await transaction.CommitAsync(ct);
        return pairs;
    }

    /// <summary>An entry that is not there, or can't be asked for, is not compared.</summary>
    private async Task<(int Entries, int Differing)> CompareAsync(StoredPair pair)
    {
        if (pair is not (_, { } ofRecommendations, { } ofPortfolio))
            return (0, 0);
        var (_, recommendations) = await cache.GetAsync(CacheKeys.Recommendations(pair.User));
        var (_, portfolio) = await cache.GetAsync(CacheKeys.Portfolio(pair.User));
        return (
            (recommendations is null ? 0 : 1) + (portfolio is null ? 0 : 1),
            Differs(recommendations, ofRecommendations) + Differs(portfolio, ofPortfolio)
        );

        static int Differs(byte[]? cached, byte[] stored) => cached is null || cached.AsSpan().SequenceEqual(stored) ? 0 : 1;
    }

    private static async Task<List<StoredPair>> ReadAsync(
        NpgsqlConnection connection,
        string sql,
        CancellationToken ct,
        params object[] values
    )
    {
        List<StoredPair> pairs = [];
        await using var command = connection.Command(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            pairs.Add(new(reader.GetGuid(0), Bytes(1), Bytes(2)));
        return pairs;

        byte[]? Bytes(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<byte[]>(column);
    }
}

/// <summary>What one sample saw.</summary>
/// <param name="Compared">Entries that were there.</param>
/// <param name="Differing">Entries of them that are not what is stored.</param>
/// <param name="Users">Whose entries differ.</param>
internal sealed record CacheSample(int Compared, int Differing, IReadOnlyList<Guid> Users);
