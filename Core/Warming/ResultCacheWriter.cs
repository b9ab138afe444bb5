using System.Collections.Concurrent;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Warming;

/// <summary>A user's finished bytes on their way to the cache.</summary>
/// <param name="Recommendations">Value of <c>recs:{userId}</c>.</param>
/// <param name="Portfolio">Value of <c>portfolio:{userId}</c>.</param>
public readonly record struct CacheableResult(Guid UserId, byte[] Recommendations, byte[] Portfolio);

/// <summary>Writes results into the cache, both keys of a user side by side, with their TTL (SPEC B1, B2).</summary>
/// <remarks>The caller holds a share lock on <c>current_results</c>, so that what it writes is what is current.</remarks>
public sealed class ResultCacheWriter(IConnectionMultiplexer cache) : IDisposable
{
    /// <summary>Commands of the client library on the wire at once: enough to keep the server busy, little enough to keep its queue short.</summary>
    private const int Window = 256;

    /// <summary>For the whole of a write, some megabytes; a server that takes longer is as good as away.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly ConcurrentBag<CachePipe> _pipes = [];

    /// <summary>False while the cache is known to be away; writing then would only cost a timeout.</summary>
    public bool IsAvailable => cache.IsConnected;

    /// <exception cref="CacheWriteException">The cache is away or refused a write; nothing may be marked as cached.</exception>
    public Task WriteAsync(IReadOnlyList<CacheableResult> results, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(results);
        return PlainServer.Find(cache) is { } server ? PipeAsync(server, results, ct) : AskAsync(results, ct);
    }

    /// <summary>
    /// Takes back what was written when the caller's lock turns out to be lost: a newer result may have come before it, and
    /// been covered. What is not there is a miss, and never wrong. A cache that can't be told now has lost it, or is told by the next warm.
    /// </summary>
    public async Task TakeBackAsync(IReadOnlyList<CacheableResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        try
        {
            var database = cache.GetDatabase();
            await Task.WhenAll(results.SelectMany(Entries).Select(entry => database.KeyDeleteAsync(entry.Key)));
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException)
        {
            // The caller has a failure of its own to tell.
        }
    }

    public void Dispose()
    {
        while (_pipes.TryTake(out var pipe)) pipe.Dispose();
    }

    private async Task PipeAsync(ConfigurationOptions server, IReadOnlyList<CacheableResult> results, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Limit);
        try
        {
            if (_pipes.TryTake(out var kept))
            {
                try
                {
                    await WriteAsync(kept, results, limit.Token);
                    return;
                }
                catch (CacheWriteException exception) when (!exception.IsRefusal)
                {
                    // A connection that was kept outlives no restart of its server; a new one tells whether it is back.
                    Dispose();
                }
            }
            await WriteAsync(await CachePipe.ConnectAsync(server, limit.Token), results, limit.Token);
        }
        catch (OperationCanceledException exception) when (!ct.IsCancellationRequested)
        {
            throw new CacheWriteException($"The cache took longer than {Limit.TotalSeconds:F0} s.", exception);
        }
    }

    private async Task WriteAsync(CachePipe pipe, IReadOnlyList<CacheableResult> results, CancellationToken ct)
    {
        var whole = false;
        try
        {
            foreach (var result in results)
            {
                await pipe.SetAsync(CacheKeys.Recommendations(result.UserId), CacheKeys.ResultTtl, result.Recommendations, ct);
                await pipe.SetAsync(CacheKeys.Portfolio(result.UserId), CacheKeys.ResultTtl, result.Portfolio, ct);
            }
            await pipe.FlushAsync(ct);
            whole = true;
        }
        finally
        {
            // After a failure nobody knows what is still to be answered.
            if (whole) _pipes.Add(pipe);
            else pipe.Dispose();
        }
    }

    /// <summary>Also on the way out of a failure no write is under way when the caller lets go of its lock.</summary>
    private async Task AskAsync(IReadOnlyList<CacheableResult> results, CancellationToken ct)
    {
        var database = cache.GetDatabase();
        foreach (var some in results.SelectMany(Entries).Chunk(Window))
        {
            ct.ThrowIfCancellationRequested();
            if (await EntryWriter.WriteAsync(database, some, When.Always) is [var first, ..]) throw new CacheWriteException($"The cache refused a write: {first.Message}", first) { IsRefusal = true };
        }
    }

    private static CacheWrite[] Entries(CacheableResult result) =>
        [new(CacheKeys.Recommendations(result.UserId), result.Recommendations, CacheKeys.ResultTtl), new(CacheKeys.Portfolio(result.UserId), result.Portfolio, CacheKeys.ResultTtl)];
}
