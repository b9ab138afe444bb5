using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Counts that all nodes share.</summary>
public sealed partial class CacheStore
{
    /// <summary>Counts one more. The first begins the life of the count, which later ones do not make longer.</summary>
    /// <returns>How many there are now, and how long the count still lives; null when the cache is away or takes no writes.</returns>
    public async ValueTask<(long Count, TimeSpan Left)?> CountAsync(string key, TimeSpan life)
    {
        var (answered, counted) = await AskAsync(
            async database =>
            {
                // One transaction, so that no count is ever without an end.
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
