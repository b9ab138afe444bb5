using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>How every process is connected to the cache server.</summary>
public static class CacheConnection
{
    /// <summary>Milliseconds between two looks of the client at its connection, by which it also finds answers that are late.</summary>
    private const int Heartbeat = 100;

    /// <summary>Milliseconds between two tries to connect.</summary>
    private const int RetryAfter = 50;

    /// <summary>A cache that is away is no reason not to start and costs callers no wait, and one that is back is used at once.</summary>
    public static void Configure(ConfigurationOptions options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configuration);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(Heartbeat);
        options.ReconnectRetryPolicy = new LinearRetry(RetryAfter);
        // A value that can't be read, or is out of bounds, is told by the validation of the options at start.
        var timeout = TimeSpan.TryParse(configuration[$"{CacheOptions.Section}:{nameof(CacheOptions.Timeout)}"], out var given)
            ? given
            : new CacheOptions().Timeout;
        options.AsyncTimeout = (int)Math.Clamp(timeout.TotalMilliseconds, 1, 60_000);
        // A fault is told once, by whoever changes state; nobody reads the details of each.
        options.IncludeDetailInExceptions = false;
        // The client counts INFO, which `jobs cache stats` reads, among an administrator's commands. The server's own rules stay.
        options.AllowAdmin = true;
    }
}
