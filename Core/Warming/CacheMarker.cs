using System.Globalization;
using System.Text;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>
/// A key by which a cache server is told from itself after it lost everything: when it is gone, or another, all that was
/// warmed is gone with it.
/// </summary>
public sealed class CacheMarker(IConnectionMultiplexer cache, PlainConnection connection)
{
    /// <summary>Long, and begun anew whenever it is seen: it expires when nobody has looked for a month.</summary>
    private static readonly TimeSpan Ttl = TimeSpan.FromDays(30);

    private static readonly string Seconds = Ttl.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    /// <summary>The server's marker, or null on an empty one.</summary>
    /// <exception cref="CacheWriteException">The cache is away.</exception>
    public async Task<string?> FindAsync()
    {
        if (await AskAsync("GET", CacheKeys.Marker) is not { } marker)
            return null;
        await AskAsync("EXPIRE", CacheKeys.Marker, Seconds);
        return marker;
    }

    /// <summary>The server's marker, made when there is none; the same for all who ask at once.</summary>
    /// <exception cref="CacheWriteException">The cache is away.</exception>
    public async Task<string> EnsureAsync()
    {
        if (await FindAsync() is { } marker)
            return marker;
        await AskAsync("SET", CacheKeys.Marker, Guid.CreateVersion7().ToString("N"), "EX", Seconds, "NX");
        return await FindAsync() ?? throw new CacheWriteException("The cache lost its marker as soon as it was written.");
    }

    private async Task<string?> AskAsync(string command, string key, params string[] values)
    {
        try
        {
            if (await connection.ConnectAsync() is not { } own)
                return (string?)await cache.GetDatabase().ExecuteAsync(command, [(RedisKey)key, .. values]);
            return await own.AskAsync([command, key, .. values]) is { } answer ? Encoding.UTF8.GetString(answer) : null;
        }
        catch (Exception exception) when (CacheOutage.Is(exception))
        {
            throw new CacheWriteException(exception.Message, exception);
        }
    }
}
