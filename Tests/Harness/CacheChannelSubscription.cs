using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Tests.Harness;

/// <summary>Listens to the channel of the cache as another node does.</summary>
internal static class CacheChannelSubscription
{
    /// <summary>
    /// Subscribes as soon as the client's second connection, which carries messages, is there: it is made after the first.
    /// </summary>
    public static async Task ListenAsync(this IConnectionMultiplexer client, Action<byte[]> hear)
    {
        var subscriber = client.GetSubscriber();
        await Eventually.TrueAsync(() => subscriber.IsConnected(), "the client is connected for messages");
        await subscriber.SubscribeAsync(RedisChannel.Literal(CacheChannel.Name), (_, message) => hear((byte[]?)message ?? []));
    }
}
