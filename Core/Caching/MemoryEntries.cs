using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;

namespace Overnight.Core.Caching;

/// <summary>Entries of <see cref="EntryReader"/> in this node's memory, by key; each for as long as its kind says.</summary>
public sealed class MemoryEntries(IOptions<CacheOptions> options, TimeProvider time)
    : BoundedMemory<string, StoredEntry>(options.Value.EntryMemoryBytes, time)
{
    private readonly long _frequency = time.TimestampFrequency;

    /// <returns>False also for one of another generation, which is then forgotten.</returns>
    public bool TryGet(string key, long generation, [NotNullWhen(true)] out StoredEntry? entry)
    {
        if (!TryGet(key, out entry))
            return false;
        if (entry.Generation == generation)
            return true;
        Drop(key);
        return false;
    }

    /// <param name="epoch">As it was before the entry was read.</param>
    public void Put(string key, StoredEntry entry, TimeSpan ttl, long epoch)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(entry);
        Put(key, entry, entry.Length + 2 * key.Length, (long)(ttl.TotalSeconds * _frequency), epoch);
    }

    public void Invalidate(string key) => Forget(key);
}
