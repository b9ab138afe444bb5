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

    /// <summary>Milliseconds between attempts to reach the server that stands for none.</summary>
    private const int NoRetry = 86_400_000;

    /// <summary>The name of the connection string.</summary>
    public const string Name = "cache",
        Example = "\"127.0.0.1:6379\"";

    /// <summary>Whether there is a cache server; without one everything is read from PostgreSQL.</summary>
    public static bool IsConfigured(IConfiguration configuration) => !string.IsNullOrWhiteSpace(configuration.GetConnectionString(Name));

    /// <returns>The fault of a connection string, without its text, which may hold a password; null when it can be read.</returns>
    public static string? Failure(string connectionString)
    {
        try
        {
            return ConfigurationOptions.Parse(connectionString).EndPoints.Count > 0
                ? null
                : $"ConnectionStrings:{Name} names no server. Give it one, for example {Example}.";
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
        {
            return $"ConnectionStrings:{Name} can't be read: {exception.Message.Split('\n')[0].TrimEnd('.', '\r')}. Expected is \"host:port,password=..\", and further servers and settings with commas between them.";
        }
    }

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
        options.ReconnectRetryPolicy = new LinearRetry(IsConfigured(configuration) ? RetryAfter : NoRetry);
        options.AsyncTimeout = (int)configuration.ReadSection<CacheOptions>(CacheOptions.Section).Timeout.TotalMilliseconds;
        // A fault is logged once, where the state changes, so the details in each exception are not needed.
        options.IncludeDetailInExceptions = false;
        // The client treats INFO, which `jobs cache stats` reads, as an administrator's command. The server's access rules still apply.
        options.AllowAdmin = true;
    }
}
