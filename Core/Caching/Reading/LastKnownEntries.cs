using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>
/// The last value this node knew of each entry that may be answered when neither the cache nor PostgreSQL can. Unlike memory it outlives
/// the channel and every TTL, and it is read only when no better source answers. Bounded in bytes: when it is full, new keys are not
/// added.
/// </summary>
public sealed class LastKnownEntries(IOptions<CacheOptions> options)
{
    private readonly long _limit = options.Value.EntryMemoryBytes;
    private readonly ConcurrentDictionary<string, CacheEntry> _entries = new(StringComparer.Ordinal);
    private long _bytes;

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>All of them, by key.</summary>
    public IReadOnlyCollection<KeyValuePair<string, CacheEntry>> All() => _entries.ToArray();

    public CacheEntry? Find(string key) => _entries.GetValueOrDefault(key);

    /// <summary>Stores the entry, unless a newer one is stored.</summary>
    public void Keep(string key, CacheEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        while (true)
        {
            if (_entries.TryGetValue(key, out var last))
            {
                if (last.AsOf >= entry.AsOf)
                    return;
                if (!_entries.TryUpdate(key, entry, last))
                    continue;
                Interlocked.Add(ref _bytes, entry.Bytes.Length - last.Bytes.Length);
                return;
            }
            if (Bytes + entry.Bytes.Length > _limit)
                return;
            if (!_entries.TryAdd(key, entry))
                continue;
            Interlocked.Add(ref _bytes, entry.Bytes.Length);
            return;
        }
    }

    /// <summary>Removes an entry that PostgreSQL no longer has.</summary>
    public void Forget(string key)
    {
        if (_entries.TryRemove(key, out var last))
            Interlocked.Add(ref _bytes, -last.Bytes.Length);
    }
}
