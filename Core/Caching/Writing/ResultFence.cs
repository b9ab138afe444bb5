using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Caching;

/// <summary>A user's result as it is stored: the values of <c>recs:{userId}</c> and <c>portfolio:{userId}</c>.</summary>
public readonly record struct StoredResult(Guid UserId, byte[] Recommendations, byte[] Portfolio);

/// <summary>
/// The one way by which results come into the cache, from a night, a warm and a repair alike: what is current is locked for
/// share, then read, and the lock is held until it is written. A newer result becomes current by changing the locked row, so
/// it waits, and is written over it.
/// </summary>
/// <remarks>
/// Lock and read are two statements: one that had to wait for the lock would join the changed row with the results it saw
/// before, and find nothing. Rows are locked in the order of ids, so that two can't wait for each other.
/// </remarks>
public sealed class ResultFence(CacheStore store)
{
    // A share lock is all such a transaction writes: nobody need wait until it is on disk. Index lookups, month by month, are
    // right for some hundred users among millions of results; the planner may think otherwise.
    private const string Settings = """
        select set_config('synchronous_commit', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
            set_config('enable_seqscan', 'off', true)
        """;

    private const string Lock =
        "select count(*) from (select 1 from current_results where user_id = any($1) order by user_id for share) locked";

    internal const string Read = """
        select c.user_id, r.recommendations, r.portfolio
        from current_results c join calculation_results r using (user_id, business_date, run_id) where c.user_id = any($1)
        """;

    /// <summary>What is current of these users, locked until the transaction ends.</summary>
    /// <returns>Those that are whole and of this build's shape (SPEC B3), and how many are not.</returns>
    public static async Task<(List<StoredResult> Current, int Damaged)> LockAsync(
        NpgsqlTransaction transaction,
        Guid[] users,
        CancellationToken ct
    )
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(users);
        await using NpgsqlBatch batch = new(transaction.Connection, transaction) { BatchCommands = { new(Settings), Of(Lock), Of(Read) } };
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await reader.NextResultAsync(ct);
        await reader.NextResultAsync(ct);
        List<StoredResult> current = new(users.Length);
        var damaged = 0;
        while (await reader.ReadAsync(ct))
        {
            StoredResult result = new(reader.GetGuid(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2));
            if (ResultBytes.AreOf(result.UserId, result.Recommendations) && ResultBytes.AreOf(result.UserId, result.Portfolio))
                current.Add(result);
            else
                damaged++;
        }
        return (current, damaged);

        NpgsqlBatchCommand Of(string sql) =>
            new(sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<Guid[]> { TypedValue = users, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
                },
            };
    }

    /// <summary>Writes both entries of each user, then commits, by which the lock ends.</summary>
    /// <param name="current">Locked in this transaction, as by <see cref="LockAsync"/>.</param>
    /// <param name="write">How they are written; as fast as can be when it is null.</param>
    /// <param name="mark">What the transaction notes when the server took all of them.</param>
    /// <returns>How many users had an entry refused, and why the first.</returns>
    /// <exception cref="CacheAwayException">The cache is away; nothing is noted.</exception>
    public async Task<(int Users, string? Reason)> WriteAsync(
        NpgsqlTransaction transaction,
        IReadOnlyList<StoredResult> current,
        Func<IReadOnlyList<CacheWrite>, Task<CacheRefusals>>? write = null,
        Func<Task>? mark = null
    )
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(current);
        var entries = new CacheWrite[2 * current.Count];
        for (var i = 0; i < current.Count; i++)
        {
            var (user, recommendations, portfolio) = current[i];
            entries[2 * i] = new(CacheKeys.Recommendations(user), recommendations, CacheKeys.ResultTtl);
            entries[2 * i + 1] = new(CacheKeys.Portfolio(user), portfolio, CacheKeys.ResultTtl);
        }
        var refused = await (write is null ? store.WriteAsync(entries) : write(entries));
        try
        {
            if (mark is not null && refused.Count == 0)
                await mark();
            // What it also shows is that the lock was still held when the last was written.
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch
        {
            // The lock was lost, perhaps before: a newer result may have come first, and been covered. A miss is never wrong, and
            // a cache that can't be told now has lost them, or is told by the next warm.
            await store.RemoveAsync(Array.ConvertAll(entries, entry => entry.Key));
            throw;
        }
        var users = Enumerable.Range(0, current.Count).Count(i => refused.Contains(2 * i) || refused.Contains(2 * i + 1));
        return (users, refused.First);
    }
}
