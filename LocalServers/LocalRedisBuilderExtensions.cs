using Overnight.LocalServers;
using StackExchange.Redis;

namespace Aspire.Hosting;

/// <summary>Adds Redis servers that run as processes of this machine.</summary>
public static class LocalRedisBuilderExtensions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Adds a Redis server that runs as a process of this machine and keeps nothing on disk: redis-server, else valkey-server, else the
    /// .NET tool garnet-server. It is for run mode; in publish mode add a container. It listens on 127.0.0.1, and is healthy when it
    /// answers a PING.
    /// </summary>
    /// <remarks>
    /// A child resource named <c>{name}-prepare</c> finds the program and writes the configuration; where that fails, its log has the
    /// reason, and the server does not start. When the AppHost runs as root, the server runs as another user: see
    /// <see cref="LocalPostgresBuilderExtensions.AddLocalPostgres"/>.
    /// </remarks>
    /// <param name="builder">The application builder.</param>
    /// <param name="name">The name of the resource.</param>
    /// <param name="password">The password that the server requires.</param>
    /// <param name="dataDirectory">The directory of its configuration, which is created where it does not exist.</param>
    /// <param name="options">Settings that differ from the defaults.</param>
    public static IResourceBuilder<LocalRedisResource> AddLocalRedis(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource> password,
        string dataDirectory,
        LocalRedisOptions? options = null
    )
    {
        options ??= new();
        options = options with { ToolDirectory = options.ToolDirectory ?? builder.AppHostDirectory };
        LocalRedisResource server = new(name, password.Resource);
        return builder
            .AddLocalServer(
                server,
                options.Port,
                async (secret, logger, ct) =>
                    OperatingSystem.IsWindows()
                        ? throw new PlatformNotSupportedException()
                        : (await RedisPreparation.RunAsync(dataDirectory, secret, options, logger, ct)).Server,
                async ct => await AskAsync(await server.ConnectionStringExpression.GetValueAsync(ct), ct)
            )
            .WithIconName("Memory");
    }

    /// <summary>Completes when the server has answered a PING with the password.</summary>
    internal static async Task AskAsync(string? connectionString, CancellationToken ct)
    {
        var options = ConfigurationOptions.Parse(connectionString!);
        options.AbortOnConnectFail = true;
        options.ConnectRetry = 1;
        options.ConnectTimeout = options.AsyncTimeout = (int)Patience.TotalMilliseconds;
        await using var connection = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(ct);
        await connection.GetDatabase().PingAsync().WaitAsync(ct);
    }
}
