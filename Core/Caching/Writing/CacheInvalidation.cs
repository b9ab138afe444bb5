namespace Overnight.Core.Caching;

/// <summary>
/// Invalidates entries in the cache, in this process, and on every node. A load begun earlier, on any node, does not bring the old value
/// back, because a mark is written in the entry's place (<see cref="CacheEntry.Invalidation"/>).
/// </summary>
public sealed class CacheInvalidation(CacheStore store, IEnumerable<IChangeHandler> handlers)
{
    /// <summary>Largest number of keys in one message of the channel.</summary>
    private const int KeysAtOnce = 100;

    private readonly IChangeHandler[] _handlers = [.. handlers];

    /// <summary>
    /// Call it after the commit that changed the entries. When the cache can't be reached, the invalidation is retried until it can, and
    /// this node does not use the old entries meanwhile.
    /// </summary>
    /// <returns>Whether the cache has the invalidation now.</returns>
    public async ValueTask<bool> ForgetAsync(IReadOnlyCollection<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        foreach (var key in keys)
            CacheEntry.CheckKey(key);
        var told = true;
        foreach (var some in keys.Chunk(KeysAtOnce))
        {
            told &= await store.ForgetAsync(
                Array.ConvertAll(some, key => new CacheWrite(key, CacheEntry.Invalidation(), CacheEntry.InvalidationTtl))
            );
            // Done after the cache is written, because a reader could otherwise take the old entry from there once more. The same holds for
            // other nodes, whose message is sent last.
            foreach (var handler in _handlers)
                handler.Forget(some);
            store.Publish(CacheChannel.Keys(some));
        }
        return told;
    }
}
