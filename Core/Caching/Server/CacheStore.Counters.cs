using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Counters in the cache, which all nodes share.</summary>
public sealed partial class CacheStore
{
    /// <summary>Increments a counter. The first increment sets its TTL, and later ones do not extend it.</summary>
    /// <returns>The count and the time until it expires; null when the cache can't be reached or refuses writes.</returns>
    public async ValueTask<(long Count, TimeSpan Left)?> CountAsync(string key, TimeSpan life)
    {
        var (answered, counted) = await AskAsync(
            async database =>
            {
                // One transaction, so that a counter never exists without a TTL.
                var transaction = database.CreateTransaction();
                var begun = transaction.StringSetAsync(key, 0, life, When.NotExists);
                var count = transaction.StringIncrementAsync(key);
                var left = transaction.KeyTimeToLiveAsync(key);
                await transaction.ExecuteAsync();
                await begun;
                return (Count: await count, Left: await left ?? life);
            },
            isWrite: true
        );
        return answered ? counted : null;
    }
}
