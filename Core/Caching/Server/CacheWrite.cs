namespace Overnight.Core.Caching;

/// <summary>An entry to write; every entry has a TTL.</summary>
public readonly record struct CacheWrite(string Key, byte[] Value, TimeSpan Ttl);

/// <summary>What the cache server knows of an entry without reading it.</summary>
/// <param name="Remaining">Until it expires; null when it is not there.</param>
public readonly record struct EntryState(bool Exists, TimeSpan? Remaining);
