using System.Text;
using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>
/// A key that shows whether a cache server lost its data: when the marker is gone or another one, everything that was warmed is gone as
/// well.
/// </summary>
public sealed class CacheInstanceMarker(CacheStore store)
{
    /// <summary>Restarted at every read, so the marker expires only after a month without one.</summary>
    private static readonly TimeSpan Ttl = TimeSpan.FromDays(30);

    /// <summary>The server's marker, or null on an empty server.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached.</exception>
    public Task<string?> FindAsync() => store.FindAsync(CacheKeys.Marker, Ttl);

    /// <summary>The server's marker, created when there is none; concurrent callers get the same one.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached, or refuses writes.</exception>
    public async Task<string> EnsureAsync()
    {
        if (await FindAsync() is { } marker)
            return marker;
        await store.AddAsync(new(CacheKeys.Marker, Encoding.ASCII.GetBytes($"{Guid.CreateVersion7():N}"), Ttl));
        return await FindAsync()
            ?? throw new CacheAwayException(store.Refusal ?? "The cache lost the key overnight:marker right after it was written.");
    }
}
