namespace Overnight.Core.Caching;

/// <summary>How entries of one kind are read.</summary>
/// <param name="Set">For telemetry.</param>
/// <param name="Ttl">In the cache.</param>
/// <param name="MemoryTtl">In this node's memory; null for not at all.</param>
/// <param name="StaleIfError">Whether the last known value is answered, past every TTL, while PostgreSQL and the cache are both away.</param>
public sealed record EntryKind(CacheSet Set, TimeSpan Ttl, TimeSpan? MemoryTtl = null, bool StaleIfError = false);

/// <summary>Where an answer came from.</summary>
public enum EntrySource
{
    Memory,
    Cache,
    Database,

    /// <summary>From what this node knew last, because nobody else answered.</summary>
    Stale,
}

/// <summary>An entry's value, or none.</summary>
/// <param name="Value">JSON, which must not be changed; null when PostgreSQL has none.</param>
/// <param name="AsOf">When PostgreSQL was asked for it.</param>
public readonly record struct EntryAnswer(ReadOnlyMemory<byte>? Value, EntrySource Source, DateTimeOffset AsOf);
