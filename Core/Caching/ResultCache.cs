using System.Runtime.CompilerServices;

namespace Overnight.Core.Caching;

/// <summary>What the cache server knows of an entry without reading it.</summary>
/// <param name="Remaining">Until it expires; null when it is not there.</param>
public readonly record struct EntryState(bool Exists, TimeSpan? Remaining);

/// <summary>
/// A user's results in the cache: this node's memory first, then the cache server. What comes out is whole, of this
/// build's shape and of the user asked for; anything else is a miss.
/// </summary>
public sealed class ResultCache(CacheStore store, MemoryResults memory, CacheTelemetry telemetry)
{
    /// <summary>Whether nothing but a miss is to be had, and writing is no use.</summary>
    public bool IsAway => store.IsAway;

    /// <param name="userId">Whose.</param>
    /// <param name="again">Whether this is a second look after a miss, which counts only when it finds something.</param>
    /// <returns>The bytes of <c>recs:{userId}</c>, which must not be changed, or null.</returns>
    public ValueTask<byte[]?> GetAsync(Guid userId, bool again = false)
    {
        if (!memory.TryGet(userId, out var value))
            return ReadAsync(userId, again);
        telemetry.Read(CacheSet.Results, CacheOutcome.MemoryHit);
        return new(value);
    }

    /// <summary>
    /// Writes both keys of a user in one pipeline (SPEC B2). The caller holds the share lock on the user's current result,
    /// so that what is written is current; nothing here can tell.
    /// </summary>
    /// <returns>False when they were not confirmed.</returns>
    public ValueTask<bool> SetAsync(Guid userId, byte[] recommendations, byte[] portfolio) =>
        store.SetAsync(
            new(CacheKeys.Recommendations(userId), recommendations, CacheKeys.ResultTtl),
            new(CacheKeys.Portfolio(userId), portfolio, CacheKeys.ResultTtl)
        );

    /// <summary>Forgets a user here and on the cache server.</summary>
    /// <returns>False when the cache server could not be asked; its entries then live until their TTL.</returns>
    public ValueTask<bool> InvalidateAsync(Guid userId)
    {
        memory.Invalidate(userId, userId);
        var removal = store.RemoveAsync(CacheKeys.Recommendations(userId), CacheKeys.Portfolio(userId));
        // Sent after the removal on the same connection, so that no node reads the old entry once more.
        Announce(Guid.Empty, userId, userId);
        return removal;
    }

    /// <summary>Whether the cache server has a user's recommendations, and for how long (SPEC B5); nothing is read and no memory is asked.</summary>
    /// <returns>Null when the cache is away.</returns>
    public async ValueTask<EntryState?> LookAsync(Guid userId)
    {
        var key = CacheKeys.Recommendations(userId);
        var (answered, state) = await store
            .AskAsync(async database =>
            {
                var (exists, remaining) = (database.KeyExistsAsync(key), database.KeyTimeToLiveAsync(key));
                return new EntryState(await exists.ConfigureAwait(false), await remaining.ConfigureAwait(false));
            })
            .ConfigureAwait(false);
        return answered ? state : null;
    }

    /// <summary>Tells every node that the entries of a range of users (both ends included) were replaced.</summary>
    /// <param name="runId">The run that made them, or zeros.</param>
    /// <param name="firstUser">First, in PostgreSQL's order.</param>
    /// <param name="lastUser">Last, in PostgreSQL's order.</param>
    public void Announce(Guid runId, Guid firstUser, Guid lastUser) => store.Publish(CacheChannel.Changed(runId, firstUser, lastUser));

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<byte[]?> ReadAsync(Guid userId, bool again)
    {
        var epoch = memory.Epoch;
        var (outcome, value) = await store.GetAsync(CacheKeys.Recommendations(userId)).ConfigureAwait(false);
        if (value is not null && !CacheEntry.IsIntact(value, userId))
            (outcome, value) = (CacheOutcome.Damaged, null);
        if (!again || value is not null)
            telemetry.Read(CacheSet.Results, outcome);
        if (value is not null)
            memory.Put(userId, value, epoch);
        return value;
    }
}
