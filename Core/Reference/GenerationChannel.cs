using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using StackExchange.Redis;

namespace Overnight.Core.Reference;

/// <summary>
/// Tells nodes at once what was raised. A message that is lost costs no more than the time until a node asks PostgreSQL again, so
/// nothing here watches whether it is heard.
/// </summary>
/// <remarks>A message is ASCII: <c>{generation} {tenantId} {entity},{entity}</c>.</remarks>
public sealed class GenerationChannel(IConnectionMultiplexer cache, Generations generations, IOptions<CacheOptions> options, TimeProvider time)
{
    public const string Name = "reference:raised";

    private static readonly RedisChannel Channel = new(Name, RedisChannel.PatternMode.Literal);
    private bool _subscribed;

    /// <summary>Begins to hear; once it does, connections that come anew are subscribed by the client library.</summary>
    /// <returns>False when the cache is away: try again.</returns>
    public async Task<bool> SubscribeAsync()
    {
        if (_subscribed) return true;
        try
        {
            await cache.GetSubscriber().SubscribeAsync(Channel, (_, message) => Hear((byte[]?)message)).WaitAsync(options.Value.Timeout, time);
            return _subscribed = true;
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // Whoever reads the cache says in the log that it is away.
            return false;
        }
    }

    public void Publish(Guid tenant, IReadOnlyCollection<string> entities, long generation)
    {
        try
        {
            cache.GetSubscriber().Publish(Channel, Encoding.ASCII.GetBytes($"{generation} {tenant:D} {string.Join(',', entities)}"), CommandFlags.FireAndForget);
        }
        catch (Exception exception) when (IsAway(exception))
        {
            // Nodes learn of it from PostgreSQL.
        }
    }

    /// <summary>Takes a message; one of another form says nothing.</summary>
    public void Hear(ReadOnlySpan<byte> message)
    {
        if (Encoding.ASCII.GetString(message).Split(' ') is not [var number, var id, var entities]) return;
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var generation) || !Guid.TryParseExact(id, "D", out var tenant)) return;
        generations.Hear(tenant, entities.Split(','), generation);
    }

    private static bool IsAway(Exception exception) => exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException or OperationCanceledException;
}
