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

    /// <summary>Of the connection string.</summary>
    public const string Name = "cache",
        Example = "\"127.0.0.1:6379\"";

    /// <returns>What is wrong with a connection string; null when nothing is. The text itself may hold a password, and is not told.</returns>
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

    /// <summary>A cache that is away is no reason not to start and costs callers no wait, and one that is back is used at once.</summary>
    public static void Configure(ConfigurationOptions options, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(configuration);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(Heartbeat);
        options.ReconnectRetryPolicy = new LinearRetry(RetryAfter);
        options.AsyncTimeout = (int)configuration.ReadSection<CacheOptions>(CacheOptions.Section).Timeout.TotalMilliseconds;
        // A fault is told once, by whoever changes state; nobody reads the details of each.
        options.IncludeDetailInExceptions = false;
        // The client counts INFO, which `jobs cache stats` reads, among an administrator's commands. The server's own rules stay.
        options.AllowAdmin = true;
    }
}
