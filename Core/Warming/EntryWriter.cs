using System.Diagnostics;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>Writes entries of any kind in one pipeline, and watches meanwhile how fast the server answers others.</summary>
public sealed class EntryWriter(IConnectionMultiplexer cache, WarmWindow window)
{
    /// <summary>Asking without a pause would itself be what others wait for.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>What fits on the wire at once, just now.</summary>
    public int Window => window.Size;

    /// <summary>What always fits.</summary>
    public int LeastWindow => window.Least;

    /// <summary>What fits at best.</summary>
    public int MostWindow => window.Most;

    public bool IsAvailable => cache.IsConnected;

    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason has not failed.</param>
    /// <returns>How many the server refused.</returns>
    /// <exception cref="CacheWriteException">The cache is away; some of them may have been written.</exception>
    public async Task<int> WriteAsync(IReadOnlyCollection<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entries);
        ct.ThrowIfCancellationRequested();
        var refused = 0;
        await WatchedAsync(async () => refused = (await WriteAsync(cache.GetDatabase(), entries, onlyAbsent ? When.NotExists : When.Always)).Count);
        return refused;
    }

    /// <summary>Writes entries in one pipeline. When it ends, whichever way, no write is under way any more.</summary>
    /// <returns>What the server refused.</returns>
    /// <exception cref="CacheWriteException">The cache is away; some of them may have been written.</exception>
    internal static async Task<List<RedisServerException>> WriteAsync(IDatabase database, IReadOnlyCollection<CacheWrite> entries, When when)
    {
        List<Task<bool>> writes = new(entries.Count);
        try
        {
            foreach (var entry in entries) writes.Add(database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, when));
        }
        finally
        {
            await ((Task)Task.WhenAll(writes)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        List<RedisServerException> refused = [];
        foreach (var write in writes)
        {
            try
            {
                await write;
            }
            catch (RedisServerException exception)
            {
                // This entry's own failure, as on a server that is full.
                refused.Add(exception);
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException)
            {
                throw new CacheWriteException(exception.Message, exception);
            }
        }
        return refused;
    }

    /// <summary>Runs what writes to the cache, and asks meanwhile, on another connection, as a reader would; the worst answer counts.</summary>
    public async Task WatchedAsync(Func<Task> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        var writing = write();
        var worst = await AskAsync();
        while (worst is not null && await Task.WhenAny(writing, Task.Delay(AskInterval)) != writing)
        {
            if (await AskAsync() is { } latency && latency > worst) worst = latency;
        }
        await writing;
        if (worst is { } answered) window.Observe(answered);
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
