using System.Diagnostics;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>Writes entries of any kind in one pipeline, and watches meanwhile how fast the server answers others.</summary>
public sealed class EntryWriter(IConnectionMultiplexer cache, WarmWindow window)
{
    /// <summary>What fits on the wire at once, just now.</summary>
    public int Window => window.Size;

    public bool IsAvailable => cache.IsConnected;

    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason has not failed.</param>
    /// <returns>How many the server refused.</returns>
    /// <exception cref="CacheWriteException">The cache is away; some of them may have been written.</exception>
    public async Task<int> WriteAsync(IReadOnlyCollection<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ct.ThrowIfCancellationRequested();
        var database = cache.GetDatabase();
        var refused = 0;
        Exception? away = null;
        await WatchedAsync(async () =>
        {
            var writes = entries.Select(e => database.StringSetAsync(e.Key, e.Value, e.Ttl, onlyAbsent ? When.NotExists : When.Always)).ToArray();
            foreach (var write in writes)
            {
                try
                {
                    await write;
                }
                catch (RedisServerException)
                {
                    // This entry's own failure, as on a server that is full.
                    refused++;
                }
                catch (Exception exception) when (exception is RedisException or TimeoutException)
                {
                    // All are awaited before anyone is told.
                    away ??= exception;
                }
            }
        });
        return away is null ? refused : throw new CacheWriteException(away.Message, away);
    }

    /// <summary>Runs what writes to the cache, and asks meanwhile, on another connection, as a reader would.</summary>
    public async Task WatchedAsync(Func<Task> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var asked = AskAsync();
        await write();
        if (await asked is { } latency) window.Observe(latency);
    }

    private async Task<TimeSpan?> AskAsync()
    {
        try
        {
            // A subscriber has a connection of its own, where no write of ours is in the way.
            var begin = Stopwatch.GetTimestamp();
            await cache.GetSubscriber().PingAsync();
            return Stopwatch.GetElapsedTime(begin);
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException)
        {
            // Whoever writes hears of a cache that is away; without this connection the window stays as it is.
            return null;
        }
    }
}
