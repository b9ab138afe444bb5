namespace Overnight.Core.Caching;

/// <summary>An entry to write; every entry has a TTL.</summary>
public readonly record struct CacheWrite(string Key, byte[] Value, TimeSpan Ttl);

/// <summary>Whether the cache server has an entry, and its TTL.</summary>
/// <param name="Exists">Whether the entry exists.</param>
/// <param name="Remaining">Time until the entry expires; null when it does not exist.</param>
public readonly record struct EntryState(bool Exists, TimeSpan? Remaining);
