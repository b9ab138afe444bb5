using Npgsql;
using NpgsqlTypes;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Caching;

/// <summary>A user's result as it is stored: the values of <c>recs:{userId}</c> and <c>portfolio:{userId}</c>.</summary>
public readonly record struct StoredResult(Guid UserId, byte[] Recommendations, byte[] Portfolio);

/// <summary>
/// Writes results to the cache, for runs, warms and repairs alike. The rows of the current results are locked for share, then read, and
/// stay locked until the entries are written. A newer result becomes current by changing the locked row, so its run waits for the lock
/// and writes its entry over this one.
/// </summary>
/// <remarks>
/// Lock and read are two statements: a single one that had to wait for the lock would join the changed row with the results it saw
/// before the wait, and find nothing. Rows are locked in the order of ids, so that two transactions can't deadlock.
/// </remarks>
public sealed class FencedResultWriter(CacheStore store)
{
    // The transaction writes nothing but share locks, so its commit need not wait for the disk. Index lookups in each month are faster for
    // some hundred users among millions of results; the planner's estimate may differ.
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

    /// <summary>Reads the current results of these users, locked until the transaction ends.</summary>
    /// <returns>The results that are intact and of this build's shape, and the number of those that are not.</returns>
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
            if (ResultIntegrity.AreOf(result.UserId, result.Recommendations) && ResultIntegrity.AreOf(result.UserId, result.Portfolio))
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

    /// <summary>Writes both entries of each user, then commits, which releases the lock.</summary>
    /// <param name="transaction">The transaction that locked the results.</param>
    /// <param name="current">The results, locked in this transaction by <see cref="LockAsync"/>.</param>
    /// <param name="write">Writes the entries; null writes them in bulk, unthrottled.</param>
    /// <param name="mark">Records in the transaction that the server has all entries; called only then.</param>
    /// <returns>The number of users with a refused entry, and the reason of the first refusal.</returns>
    /// <exception cref="CacheAwayException">The cache can't be reached; <paramref name="mark"/> was not called.</exception>
    public async Task<(int Users, string? Reason)> WriteAsync(
        NpgsqlTransaction transaction,
        IReadOnlyList<StoredResult> current,
        Func<IReadOnlyList<CacheWrite>, Task<RejectedWrites>>? write = null,
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
            // A successful commit also shows that the lock was held until the last entry was written.
            await transaction.CommitAsync(CancellationToken.None);
        }
        catch
        {
            // The lock may have been lost before the last write, which may then have replaced a newer entry. The entries are removed,
            // because a miss is never wrong; a cache that can't be reached now has lost them, or the next warm replaces them.
            await store.RemoveAsync(Array.ConvertAll(entries, entry => entry.Key));
            throw;
        }
        var users = Enumerable.Range(0, current.Count).Count(i => refused.Contains(2 * i) || refused.Contains(2 * i + 1));
        return (users, refused.First);
    }
}
