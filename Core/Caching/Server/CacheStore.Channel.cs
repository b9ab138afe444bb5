using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Publishing and receiving messages of <see cref="CacheChannel"/>.</summary>
public sealed partial class CacheStore
{
    private readonly RedisChannel _channel;

    /// <summary>
    /// Publishes a message of <see cref="CacheChannel"/> without waiting, and drops it when the cache can't be reached. A node that
    /// misses it keeps old entries for the memory's TTL.
    /// </summary>
    public void Publish(byte[] message)
    {
        if (_circuit.IsOpen)
            return;
        try
        {
            _cache.GetSubscriber().Publish(_channel, message, CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (IsOutage(exception))
        {
            // Nodes that are not connected to the channel keep nothing in memory, so they do not need the message.
        }
    }

    /// <summary>Publishes a message and waits until the server has it.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached.</exception>
    public Task PublishAsync(byte[] message) => OrAwayAsync(() => _cache.GetSubscriber().PublishAsync(_channel, message));

    /// <summary>Calls back for each message of <see cref="CacheChannel"/>; the subscription is restored with the connection.</summary>
    /// <exception cref="CacheAwayException">The cache can't be reached.</exception>
    public Task SubscribeAsync(Action<byte[]> hear) =>
        OrAwayAsync(async () =>
        {
            await _cache.GetSubscriber().SubscribeAsync(_channel, (_, message) => hear((byte[]?)message ?? []));
            return true;
        });
}
