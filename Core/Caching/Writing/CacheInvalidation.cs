namespace Overnight.Core.Caching;

/// <summary>
/// Ends entries in the cache, here, and on every node. A load begun earlier, on any node, does not bring the old value back,
/// for a mark stands in the entry's place (<see cref="StoredEntry.Invalidation"/>).
/// </summary>
public sealed class CacheInvalidation(CacheStore store, IEnumerable<IChangeHandler> handlers)
{
    /// <summary>Keys in one message.</summary>
    private const int KeysAtOnce = 100;

    private readonly IChangeHandler[] _handlers = [.. handlers];

    /// <summary>
    /// Call it after the commit that changed them. With the cache away it is done when the cache is back, and this node does not
    /// believe the old entry meanwhile.
    /// </summary>
    /// <returns>Whether the cache knows now.</returns>
    public async ValueTask<bool> ForgetAsync(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
            StoredEntry.CheckKey(key);
        var told = true;
        foreach (var some in keys.Chunk(KeysAtOnce))
        {
            told &= await store.ForgetAsync(
                Array.ConvertAll(some, key => new CacheWrite(key, StoredEntry.Invalidation(), StoredEntry.InvalidationTtl))
            );
            // After the cache, or a reader could take the old entry from there once more; the same for other nodes, which hear of it
            // behind it.
            foreach (var handler in _handlers)
                handler.Forget(some);
            store.Publish(CacheChannel.Keys(some));
        }
        return told;
    }
}
