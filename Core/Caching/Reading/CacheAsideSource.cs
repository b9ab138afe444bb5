namespace Overnight.Core.Caching;

/// <summary>
/// What is cached of one kind: its keys, the bytes of its entries, and the query that loads it. It is read by
/// <see cref="CacheAside{TKey, TValue}"/>.
/// </summary>
/// <typeparam name="TKey">What a reader asks for.</typeparam>
/// <typeparam name="TValue">What a reader gets; it must not be changed.</typeparam>
public abstract class CacheAsideSource<TKey, TValue>(CacheSet set)
    where TKey : notnull
    where TValue : class
{
    /// <summary>The set that metrics name.</summary>
    public CacheSet Set => set;

    /// <summary>The cache key of the entry.</summary>
    public abstract string KeyOf(TKey key);

    /// <summary>Bytes that a value takes in memory.</summary>
    public abstract int SizeOf(TValue value);

    /// <summary>How long a value stays in this node's memory; zero for not at all.</summary>
    public abstract TimeSpan MemoryTtl(TKey key, TValue value);

    /// <summary>Decodes the bytes under a key.</summary>
    public abstract Look<TValue> Read(TKey key, byte[] bytes);

    /// <summary>
    /// Reads the value from PostgreSQL, null for none. All concurrent misses share the load, so only the timeout of its command ends it.
    /// </summary>
    public abstract Task<TValue?> LoadAsync(TKey key);

    /// <summary>Writes a loaded value to the cache, unless the entry has changed since it was seen.</summary>
    /// <param name="key">What was asked for.</param>
    /// <param name="value">What was loaded.</param>
    /// <param name="seen">The entry before the load; null for none.</param>
    /// <returns>Whether the cache has the value now, so that it may stay in memory as well.</returns>
    public abstract ValueTask<bool> StoreAsync(TKey key, TValue value, byte[]? seen);

    /// <summary>The last value this node knew, for when neither the cache nor PostgreSQL answers; null where none may be used.</summary>
    public virtual TValue? LastKnown(TKey key) => null;

    /// <summary>Stores the value for <see cref="LastKnown"/>, or removes the stored one where it is null.</summary>
    public virtual void Know(TKey key, TValue? value) { }
}

/// <summary>What a read of the cache found.</summary>
/// <param name="Value">Null for a miss of any kind.</param>
/// <param name="Outcome">How the read ended.</param>
/// <param name="IsReplaceable">Whether a loaded value may replace the entry.</param>
public readonly record struct Look<TValue>(TValue? Value, CacheOutcome Outcome, bool IsReplaceable = true)
    where TValue : class;

/// <summary>Where an answer came from.</summary>
public enum EntrySource
{
    Memory,
    Cache,
    Database,

    /// <summary>The last value this node knew, because neither the cache nor PostgreSQL answered.</summary>
    Stale,
}

/// <summary>A value, or none, and where it came from.</summary>
/// <param name="Value">Null when PostgreSQL has none.</param>
public readonly record struct Answer<TValue>(TValue? Value, EntrySource Source)
    where TValue : class;
