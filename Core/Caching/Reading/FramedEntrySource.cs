namespace Overnight.Core.Caching;

/// <summary>
/// Entries in the frame of <see cref="CacheEntry"/>. A loaded value is written only over exactly the entry that was there before the
/// load, so that a load begun before an invalidation does not bring the old value back; nor does an entry of an older generation.
/// </summary>
public abstract class FramedEntrySource<TKey>(CacheSet set, CacheStore store, TimeProvider time) : CacheAsideSource<TKey, CacheEntry>(set)
    where TKey : notnull
{
    public override int SizeOf(CacheEntry value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Bytes.Length;
    }

    public override Look<CacheEntry> Read(TKey key, byte[] bytes)
    {
        if (CacheEntry.IsInvalidation(bytes))
            return new(null, CacheOutcome.Miss);
        if (CacheEntry.Read(bytes, KeyOf(key)) is not { } entry)
            return new(null, CacheOutcome.Damaged);
        var generation = GenerationOf(key);
        return entry.Generation == generation
            ? new(entry, CacheOutcome.Hit)
            // An entry of a newer generation is not replaced: this node has not received that generation yet.
            : new(null, CacheOutcome.Outdated, IsReplaceable: entry.Generation < generation);
    }

    public override async Task<CacheEntry?> LoadAsync(TKey key)
    {
        var (asOf, name) = (time.GetUtcNow(), KeyOf(key));
        if (await QueryAsync(key) is not { } json)
            return null;
        return CacheEntry.Read(CacheEntry.Write(name, asOf, GenerationOf(key), json), name)
            ?? throw new InvalidOperationException($"The value loaded from PostgreSQL for an entry of {Set} is empty.");
    }

    public override ValueTask<bool> StoreAsync(TKey key, CacheEntry value, byte[]? seen)
    {
        ArgumentNullException.ThrowIfNull(value);
        return store.AddAsync(new(KeyOf(key), value.Bytes, Ttl(key)), seen);
    }

    /// <summary>TTL of the entry in the cache.</summary>
    protected abstract TimeSpan Ttl(TKey key);

    /// <summary>The generation in force, read before the value is loaded; 0 where a kind has no generations.</summary>
    protected virtual long GenerationOf(TKey key) => 0;

    /// <returns>The value as JSON; null for none.</returns>
    protected abstract Task<byte[]?> QueryAsync(TKey key);
}
