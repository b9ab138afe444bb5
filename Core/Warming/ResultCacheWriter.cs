using Overnight.Core.Caching;

namespace Overnight.Core.Warming;

/// <summary>A user's finished bytes on their way to the cache.</summary>
/// <param name="Recommendations">Value of <c>recs:{userId}</c>.</param>
/// <param name="Portfolio">Value of <c>portfolio:{userId}</c>.</param>
public readonly record struct CacheableResult(Guid UserId, byte[] Recommendations, byte[] Portfolio);

/// <summary>Writes results into the cache, both keys of a user side by side, with their TTL (SPEC B1, B2).</summary>
/// <remarks>The caller holds a share lock on <c>current_results</c>, so that what it writes is what is current.</remarks>
public sealed class ResultCacheWriter(CacheBulkWriter cache)
{
    /// <inheritdoc cref="CacheBulkWriter.IsAvailable"/>
    public bool IsAvailable => cache.IsAvailable;

    /// <exception cref="CacheWriteException">The cache is away or refused a write; nothing may be marked as cached.</exception>
    public async Task WriteAsync(IReadOnlyCollection<CacheableResult> results, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(results);
        var refused = await cache.WriteAsync(Entries(results), onlyAbsent: false, ct);
        if (refused.First is { } reason)
            throw new CacheWriteException($"The cache refused a write: {reason}") { IsRefusal = true };
    }

    /// <summary>
    /// Takes back what was written when the caller's lock turns out to be lost: a newer result may have come before it, and
    /// been covered. What is not there is a miss, and never wrong. A cache that can't be told now has lost it, or is told by the next warm.
    /// </summary>
    public async Task TakeBackAsync(IReadOnlyCollection<CacheableResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        try
        {
            await cache.DeleteAsync(Entries(results).Select(entry => entry.Key), CancellationToken.None);
        }
        catch (CacheWriteException)
        {
            // The caller has a failure of its own to tell.
        }
    }

    private static IEnumerable<CacheWrite> Entries(IEnumerable<CacheableResult> results)
    {
        foreach (var result in results)
        {
            yield return new(CacheKeys.Recommendations(result.UserId), result.Recommendations, CacheKeys.ResultTtl);
            yield return new(CacheKeys.Portfolio(result.UserId), result.Portfolio, CacheKeys.ResultTtl);
        }
    }
}
