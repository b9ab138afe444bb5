namespace Overnight.Core.Caching;

/// <summary>
/// Entries in the frame of <see cref="StoredEntry"/>. A value that is loaded is written only over exactly what was there before,
/// so that a load begun before an invalidation does not bring the old value back; nor does an entry of an older generation.
/// </summary>
public abstract class StoredEntryKind<TKey>(CacheSet set, CacheStore store, TimeProvider time) : CachedKind<TKey, StoredEntry>(set)
    where TKey : notnull
{
    public override int SizeOf(StoredEntry value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Bytes.Length;
    }

    public override Look<StoredEntry> Read(TKey key, byte[] bytes)
    {
        if (StoredEntry.IsInvalidation(bytes))
            return new(null, CacheOutcome.Miss);
        if (StoredEntry.Read(bytes, KeyOf(key)) is not { } entry)
            return new(null, CacheOutcome.Damaged);
        var generation = GenerationOf(key);
        return entry.Generation == generation
            ? new(entry, CacheOutcome.Hit)
            // A newer one stays: this node has not heard of its generation yet.
            : new(null, CacheOutcome.Outdated, IsReplaceable: entry.Generation < generation);
    }

    public override async Task<StoredEntry?> LoadAsync(TKey key)
    {
        var (asOf, name) = (time.GetUtcNow(), KeyOf(key));
        if (await QueryAsync(key) is not { } json)
            return null;
        return StoredEntry.Read(StoredEntry.Write(name, asOf, GenerationOf(key), json), name)
            ?? throw new InvalidOperationException($"What was loaded for an entry of {Set} is empty.");
    }

    public override ValueTask<bool> StoreAsync(TKey key, StoredEntry value, byte[]? seen)
    {
        ArgumentNullException.ThrowIfNull(value);
        return store.AddAsync(new(KeyOf(key), value.Bytes, Ttl(key)), seen);
    }

    /// <summary>In the cache.</summary>
    protected abstract TimeSpan Ttl(TKey key);

    /// <summary>In force when it was asked for, read before anything else; 0 where there are none.</summary>
    protected virtual long GenerationOf(TKey key) => 0;

    /// <returns>JSON; null for none.</returns>
    protected abstract Task<byte[]?> QueryAsync(TKey key);
}
