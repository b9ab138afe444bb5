using Microsoft.Extensions.Configuration;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>Client settings of every connection to the cache server.</summary>
public static class CacheConnection
{
    /// <summary>Milliseconds between two checks of the connection, in which the client also finds late answers.</summary>
    private const int Heartbeat = 100;

    /// <summary>Milliseconds between two attempts to connect.</summary>
    private const int RetryAfter = 50;

    /// <summary>
    /// Configures the connection so that a missing cache neither stops a start nor makes callers wait, and is used again at once when
    /// it is back.
    /// </summary>
    public static void Configure(ConfigurationOptions options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configuration);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(Heartbeat);
        options.ReconnectRetryPolicy = new LinearRetry(RetryAfter);
        // A value that can't be parsed or is out of bounds is reported by the validation of the options at start.
        var timeout = TimeSpan.TryParse(configuration[$"{CacheOptions.Section}:{nameof(CacheOptions.Timeout)}"], out var given)
            ? given
            : new CacheOptions().Timeout;
        options.AsyncTimeout = (int)Math.Clamp(timeout.TotalMilliseconds, 1, 60_000);
        // A fault is logged once, where the state changes, so the details in each exception are not needed.
        options.IncludeDetailInExceptions = false;
        // The client treats INFO, which `jobs cache stats` reads, as an administrator's command. The server's access rules still apply.
        options.AllowAdmin = true;
    }
}
