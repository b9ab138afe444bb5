using System.Text;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>
/// A key by which a cache server is told from itself after it lost everything: when it is gone, or another, all that was
/// warmed is gone with it.
/// </summary>
public sealed class CacheMarker(CacheStore store)
{
    /// <summary>Long, and begun anew whenever it is seen: it expires when nobody has looked for a month.</summary>
    private static readonly TimeSpan Ttl = TimeSpan.FromDays(30);

    /// <summary>The server's marker, or null on an empty one.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public Task<string?> FindAsync() => store.FindAsync(CacheKeys.Marker, Ttl);

    /// <summary>The server's marker, made when there is none; the same for all who ask at once.</summary>
    /// <exception cref="CacheAwayException">The cache is away, or takes no writes.</exception>
    public async Task<string> EnsureAsync()
    {
        if (await FindAsync() is { } marker)
            return marker;
        await store.AddAsync(new(CacheKeys.Marker, Encoding.ASCII.GetBytes($"{Guid.CreateVersion7():N}"), Ttl));
        return await FindAsync() ?? throw new CacheAwayException(store.Refusal ?? "It lost its marker as soon as that was written.");
    }
}
