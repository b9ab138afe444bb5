using System.Collections.Concurrent;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>
/// Writes and deletes entries by the thousand: over connections that do nothing else, one for each who writes at once, kept for
/// the next; where the cache is no <see cref="PlainServer"/>, through the client library.
/// </summary>
public sealed class CacheBulkWriter(IConnectionMultiplexer cache) : IDisposable
{
    /// <summary>Commands of the client library on the wire at once: enough to keep the server busy, little enough to keep its queue short.</summary>
    private const int Window = 256;

    /// <summary>For the whole of a write, some megabytes; a server that takes longer is as good as away.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentBag<CachePipe> _pipes = [];

    /// <summary>False while the cache is known to be away; writing then would only cost a timeout.</summary>
    public bool IsAvailable => cache.IsConnected;

    /// <summary>When it ends without a failure, every answer is there. Each entry that is refused fails for itself.</summary>
    /// <param name="onlyAbsent">Leaves what is there; an entry that is not written for that reason is not refused.</param>
    /// <exception cref="CacheWriteException">The cache is away; some of them may have been written.</exception>
    public Task<CacheRefusals> WriteAsync(IEnumerable<CacheWrite> entries, bool onlyAbsent, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(entries);
        return SendAsync(
            async (pipe, limit) =>
            {
                foreach (var entry in entries)
                    await pipe.SetAsync(entry, onlyAbsent, limit);
            },
            database =>
                entries.Select(
                    async Task (entry) =>
                        await database.StringSetAsync(entry.Key, entry.Value, entry.Ttl, onlyAbsent ? When.NotExists : When.Always)
                ),
            ct
        );
    }

    /// <exception cref="CacheWriteException">The cache is away; some of them may have been deleted.</exception>
    public Task DeleteAsync(IEnumerable<string> keys, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return SendAsync(
            async (pipe, limit) =>
            {
                foreach (var key in keys)
                    await pipe.DeleteAsync(key, limit);
            },
            database => keys.Select(async Task (key) => await database.KeyDeleteAsync(key)),
            ct
        );
    }

    public void Dispose()
    {
        while (_pipes.TryTake(out var pipe))
            pipe.Dispose();
    }

    private async Task<CacheRefusals> SendAsync(
        Func<CachePipe, CancellationToken, Task> send,
        Func<IDatabase, IEnumerable<Task>> ask,
        CancellationToken ct
    )
    {
        if (PlainServer.Find(cache) is not { } server)
            return await AskAsync(ask(cache.GetDatabase()), ct);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            if (_pipes.TryTake(out var kept))
            {
                try
                {
                    return await SendAsync(kept, send, limit.Token);
                }
                catch (CacheWriteException)
                {
                    // A connection that was kept outlives no restart of its server; a new one tells whether it is back.
                    Dispose();
                }
            }
            return await SendAsync(await CachePipe.ConnectAsync(server, limit.Token), send, limit.Token);
        }
        catch (OperationCanceledException exception) when (!ct.IsCancellationRequested)
        {
            throw new CacheWriteException($"The cache took longer than {Limit.TotalSeconds:F0} s.", exception);
        }
    }

    private async Task<CacheRefusals> SendAsync(CachePipe pipe, Func<CachePipe, CancellationToken, Task> send, CancellationToken limit)
    {
        var whole = false;
        try
        {
            await send(pipe, limit);
            var refused = await pipe.FlushAsync(limit);
            whole = true;
            return refused;
        }
        finally
        {
            // After a failure nobody knows what is still to be answered.
            if (whole)
                _pipes.Add(pipe);
            else
                pipe.Dispose();
        }
    }

    /// <summary>Also on the way out of a failure none is under way.</summary>
    private static async Task<CacheRefusals> AskAsync(IEnumerable<Task> asked, CancellationToken ct)
    {
        CacheRefusals refused = new();
        foreach (var some in asked.Chunk(Window))
        {
            await Task.WhenAll(some).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var one in some)
            {
                try
                {
                    await one;
                }
                catch (RedisServerException exception)
                {
                    // This entry's own failure, as on a server that is full.
                    refused = refused.With(exception.Message);
                }
                catch (Exception exception) when (CacheOutage.Is(exception))
                {
                    throw new CacheWriteException(exception.Message, exception);
                }
            }
            ct.ThrowIfCancellationRequested();
        }
        return refused;
    }
}

/// <summary>What the server refused of a write, as one that is full does.</summary>
/// <param name="First">Why the first was; null when none was.</param>
public readonly record struct CacheRefusals(int Count, string? First)
{
    public CacheRefusals With(string reason) => new(Count + 1, First ?? reason);
}
