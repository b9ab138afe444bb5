using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Overnight.Core.Caching;

namespace Overnight.Api.Sessions;

/// <summary>
/// Counts sign-in attempts within a window that begins with the first one, in the cache for all nodes and in memory for this node. The
/// larger count applies, so that the limits hold while the cache can't be reached and after it was emptied.
/// </summary>
internal sealed class SignInCounts(CacheStore cache, TimeSpan window, TimeProvider time)
{
    // Counts in memory, of about 200 bytes each. When this many have not expired, all of them are dropped.
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<string, (long Count, DateTimeOffset Until)> _own = new(StringComparer.Ordinal);

    public async ValueTask<(long Count, TimeSpan Left)> AddAsync(string by, string who)
    {
        var key = CacheKeys.SignInTries(by, Hash(who));
        var own = AddOwn(key);
        return await cache.CountAsync(key, window) is { } shared && shared.Count >= own.Count ? shared : own;
    }

    public ValueTask<long?> ForgetAsync(string by, string who)
    {
        var key = CacheKeys.SignInTries(by, Hash(who));
        _own.TryRemove(key, out _);
        return cache.RemoveAsync([key]);
    }

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));

    private (long Count, TimeSpan Left) AddOwn(string key)
    {
        var now = time.GetUtcNow();
        if (_own.Count >= Most)
            MakeRoom(now);
        var (count, until) = _own.AddOrUpdate(
            key,
            static (_, to) => (1, to.Now + to.Window),
            static (_, former, to) => former.Until > to.Now ? (former.Count + 1, former.Until) : (1, to.Now + to.Window),
            (Now: now, Window: window)
        );
        return (count, until - now);
    }

    private void MakeRoom(DateTimeOffset now)
    {
        foreach (var (key, count) in _own)
        {
            if (count.Until <= now)
                _own.TryRemove(key, out _);
        }
        if (_own.Count >= Most)
            _own.Clear();
    }
}
