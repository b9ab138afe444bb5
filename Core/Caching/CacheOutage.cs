using System.Net.Sockets;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Failures that a call to a cache that is away ends with, by whichever connection.</summary>
internal static class CacheOutage
{
    public static bool Is(Exception exception) =>
        exception
            is TimeoutException
                or CacheReplyException
                or IOException
                or SocketException
                or RedisException
                or RedisCommandException
                or ObjectDisposedException
                or OperationCanceledException;
}
