using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>
/// A key by which a cache server is told from itself after it lost everything: when it is gone, or another, all that was
/// warmed is gone with it.
/// </summary>
public sealed class CacheMarker(IConnectionMultiplexer cache)
{
    /// <summary>Long, and begun anew whenever it is seen: it expires when nobody has looked for a month.</summary>
    private static readonly TimeSpan Ttl = TimeSpan.FromDays(30);

    /// <summary>The server's marker, or null on an empty one.</summary>
    /// <exception cref="CacheWriteException">The cache is away.</exception>
    public Task<string?> FindAsync() => AskAsync(async database =>
    {
        string? marker = await database.StringGetAsync(CacheKeys.Marker);
        if (marker is not null) await database.KeyExpireAsync(CacheKeys.Marker, Ttl);
        return marker;
    });

    /// <summary>The server's marker, made when there is none; the same for all who ask at once.</summary>
    /// <exception cref="CacheWriteException">The cache is away.</exception>
    public async Task<string> EnsureAsync()
    {
        if (await FindAsync() is { } marker) return marker;
        return await AskAsync(async database =>
        {
            await database.StringSetAsync(CacheKeys.Marker, Guid.CreateVersion7().ToString("N"), Ttl, When.NotExists);
            return (string?)await database.StringGetAsync(CacheKeys.Marker);
        }) ?? throw new CacheWriteException("The cache lost its marker as soon as it was written.");
    }

    private async Task<string?> AskAsync(Func<IDatabase, Task<string?>> ask)
    {
        try
        {
            return await ask(cache.GetDatabase());
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException)
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }
}
