using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>How every process is connected to the cache server.</summary>
public static class CacheConnection
{
    /// <summary>Milliseconds between two tries of the client library to connect. It looks once a second, and tries each time.</summary>
    private const int RetryAfter = 100;

    /// <summary>A cache that is away is no reason not to start, and one that is back is used at once.</summary>
    public static void Configure(ConfigurationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(RetryAfter);
        // The client counts INFO, which `jobs cache stats` reads, among an administrator's commands. The server's own rules stay.
        options.AllowAdmin = true;
    }
}
