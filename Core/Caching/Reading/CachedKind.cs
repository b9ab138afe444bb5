namespace Overnight.Core.Caching;

/// <summary>
/// What is cached of one kind: under which keys, in what bytes, and where it comes from. It is read by
/// <see cref="CacheAside{TKey, TValue}"/>.
/// </summary>
/// <typeparam name="TKey">What one asks for.</typeparam>
/// <typeparam name="TValue">What one gets; it must not be changed.</typeparam>
public abstract class CachedKind<TKey, TValue>(CacheSet set)
    where TKey : notnull
    where TValue : class
{
    /// <summary>For telemetry.</summary>
    public CacheSet Set => set;

    /// <summary>Of the entry in the cache.</summary>
    public abstract string KeyOf(TKey key);

    /// <summary>Bytes that a value takes in memory.</summary>
    public abstract int SizeOf(TValue value);

    /// <summary>How long a value stays in this node's memory; zero for not at all.</summary>
    public abstract TimeSpan MemoryTtl(TKey key, TValue value);

    /// <summary>What the bytes under a key are.</summary>
    public abstract Look<TValue> Read(TKey key, byte[] bytes);

    /// <summary>
    /// Reads the value from PostgreSQL, null for none. The load is everyone's who asks meanwhile: it ends by its command's timeout
    /// alone.
    /// </summary>
    public abstract Task<TValue?> LoadAsync(TKey key);

    /// <summary>Puts a value that was loaded into the cache, where it may be.</summary>
    /// <param name="seen">What was there before it was loaded; null for nothing.</param>
    /// <returns>Whether it is there now, so that it may stay in memory as well.</returns>
    public abstract ValueTask<bool> StoreAsync(TKey key, TValue value, byte[]? seen);

    /// <summary>The last value this node knew, for when neither the cache nor PostgreSQL answers; null where none may stand in.</summary>
    public virtual TValue? LastKnown(TKey key) => null;

    /// <summary>Keeps it for that, or forgets it when there is none any more.</summary>
    public virtual void Know(TKey key, TValue? value) { }
}

/// <summary>What was found in the cache.</summary>
/// <param name="Value">Null for a miss of any kind.</param>
/// <param name="IsReplaceable">Whether a value that is loaded may take its place.</param>
public readonly record struct Look<TValue>(TValue? Value, CacheOutcome Outcome, bool IsReplaceable = true)
    where TValue : class;

/// <summary>Where an answer came from.</summary>
public enum EntrySource
{
    Memory,
    Cache,
    Database,

    /// <summary>From what this node knew last, because nobody else answered.</summary>
    Stale,
}

/// <summary>A value, or none.</summary>
/// <param name="Value">Null when PostgreSQL has none.</param>
public readonly record struct Answer<TValue>(TValue? Value, EntrySource Source)
    where TValue : class;
