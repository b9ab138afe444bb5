using System.Diagnostics;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>Writes entries of any kind in one pipeline, and watches meanwhile how fast the server answers others.</summary>
public sealed class EntryWriter(CacheBulkWriter bulk, IConnectionMultiplexer cache, WarmWindow window)
{
    /// <summary>Asking without a pause would itself be what others wait for.</summary>
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(2);

    /// <summary>What fits on the wire at once, just now.</summary>
    public int Window => window.Size;

    /// <summary>What always fits.</summary>
    public int LeastWindow => window.Least;

    /// <summary>What fits at best.</summary>
    public int MostWindow => window.Most;

    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason has not failed.</param>
    /// <returns>How many the server refused.</returns>
    /// <exception cref="CacheWriteException">The cache is away; some of them may have been written.</exception>
    public async Task<int> WriteAsync(IReadOnlyCollection<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var refused = 0;
        // To its end, whoever asks to stop: a write may not be under way any more when the set's lock is let go.
        await WatchedAsync(async () => refused = (await bulk.WriteAsync(entries, onlyAbsent, CancellationToken.None)).Count);
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
            if (await AskAsync() is { } latency && latency > worst)
                worst = latency;
        }
        await writing;
        if (worst is { } answered)
            window.Observe(answered);
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
        catch (Exception exception) when (CacheOutage.Is(exception))
        {
            // Whoever writes hears of a cache that is away; without this connection the window stays as it is.
            return null;
        }
    }
}
