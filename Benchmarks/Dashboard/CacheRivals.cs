using System.Text.Json;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Sessions;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>How else one might read a session and then its user's recommendations; neither knows a signature or a checksum.</summary>
internal interface ICacheRival
{
    /// <returns>The entry of the user whose token has this hash; null for none.</returns>
    Task<byte[]?> ReadAsync(string tokenHash);
}

/// <summary>The client library, each read awaited before the next, of the product's own entries.</summary>
internal sealed class ClientRival(IDatabase cache) : ICacheRival
{
    public async Task<byte[]?> ReadAsync(string tokenHash)
    {
        byte[]? session = await cache.StringGetAsync(CacheKeys.Session(tokenHash));
        if (session is null)
            return null;
        using var json = JsonDocument.Parse(session);
        var value = json.RootElement.GetProperty("value");
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(value.GetProperty("expires").GetInt64());
        if (expires <= TimeProvider.System.GetUtcNow())
            return null;
        return await cache.StringGetAsync(CacheKeys.Recommendations(value.GetProperty("user").GetGuid()));
    }
}

/// <summary>
/// FusionCache over memory and the same server, of entries in its own form. Its memory is bounded, and its entries live there, as ours are
/// and do.
/// </summary>
internal sealed class FusionCacheRival : ICacheRival, IDisposable
{
    private const int MemoryBytes = 80 * 1024 * 1024,
        SessionBytes = 250,
        ResultBytes = 12 * 1024;

    private const int WritesAtOnce = 64;

    private static readonly TimeSpan Ttl = TimeSpan.FromHours(2),
        MemoryTtl = TimeSpan.FromSeconds(5);

    private readonly MemoryCache _memory = new(new MemoryCacheOptions { SizeLimit = MemoryBytes });
    private readonly RedisCache _server;
    private readonly FusionCache _cache;

    public FusionCacheRival(IConnectionMultiplexer connection)
    {
        _server = new(Options.Create(new RedisCacheOptions { ConnectionMultiplexerFactory = () => Task.FromResult(connection) }));
        _cache = new(new FusionCacheOptions { CacheKeyPrefix = "fusion:" }, _memory);
        _cache.SetupSerializer(new FusionCacheSystemTextJsonSerializer());
        _cache.SetupDistributedCache(_server);
    }

    private sealed record Session(Guid User, DateTimeOffset Expires);

    public async Task<byte[]?> ReadAsync(string tokenHash) =>
        await _cache.GetOrDefaultAsync<Session>(CacheKeys.Session(tokenHash), options: Sessions) is { } session
        && session.Expires > TimeProvider.System.GetUtcNow()
            ? await _cache.GetOrDefaultAsync<byte[]>(CacheKeys.Recommendations(session.User), options: Results)
            : null;

    /// <summary>Puts them into the server alone, as after a restart of the node.</summary>
    public Task FillAsync(IEnumerable<(string TokenHash, ActiveSession Session, byte[] Entry)> entries, CancellationToken ct)
    {
        var (sessions, results) = (Sessions.Duplicate(), Results.Duplicate());
        (sessions.SkipMemoryCacheWrite, results.SkipMemoryCacheWrite) = (true, true);
        return Parallel.ForEachAsync(
            entries,
            new ParallelOptions { MaxDegreeOfParallelism = WritesAtOnce, CancellationToken = ct },
            async (entry, token) =>
            {
                var (user, expires) = (entry.Session.UserId, entry.Session.ExpiresAt);
                await _cache.SetAsync(CacheKeys.Session(entry.TokenHash), new Session(user, expires), sessions, token: token);
                await _cache.SetAsync(CacheKeys.Recommendations(user), entry.Entry, results, token: token);
            }
        );
    }

    public void Dispose()
    {
        _cache.Dispose();
        _server.Dispose();
        _memory.Dispose();
    }

    private static FusionCacheEntryOptions Sessions { get; } = Of(SessionBytes);

    private static FusionCacheEntryOptions Results { get; } = Of(ResultBytes);

    private static FusionCacheEntryOptions Of(int bytes) => new(Ttl) { MemoryCacheDuration = MemoryTtl, Size = bytes };
}
