using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Messages of <see cref="CacheChannel"/>, sent and heard.</summary>
public sealed partial class CacheStore
{
    private readonly RedisChannel _channel;

    /// <summary>
    /// Sends a message of <see cref="CacheChannel"/>, if there is a way to send it: who hears it late or not at all keeps old entries
    /// for the memory's TTL.
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
            // Nodes without a channel keep nothing in memory, so they need not hear it.
        }
    }

    /// <summary>The same, and waits until the server has it.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public Task PublishAsync(byte[] message) => OrAwayAsync(() => _cache.GetSubscriber().PublishAsync(_channel, message));

    /// <summary>Hears <see cref="CacheChannel"/>, also after the connection was lost and restored.</summary>
    /// <exception cref="CacheAwayException">The cache is away.</exception>
    public Task SubscribeAsync(Action<byte[]> hear) =>
        OrAwayAsync(async () =>
        {
            await _cache.GetSubscriber().SubscribeAsync(_channel, (_, message) => hear((byte[]?)message ?? []));
            return true;
        });
}
