using System.Net.Sockets;
using System.Runtime.CompilerServices;
using StackExchange.Redis;

namespace Overnight.Core.Caching;

/// <summary>
/// The cache server as our own connections reach it: one server without TLS. Where it is a cluster, or speaks TLS, there
/// are none, and everything goes through the client library.
/// </summary>
internal static class PlainServer
{
    /// <summary>Each multiplexer's configuration, which it makes a text of whenever it is asked; read once.</summary>
    private static readonly ConditionalWeakTable<IConnectionMultiplexer, ConfigurationOptions> Configurations = [];

    /// <returns>Null where the client library has to do.</returns>
    public static ConfigurationOptions? Find(IConnectionMultiplexer cache)
    {
        var options = Configurations.GetValue(cache, static cache => ConfigurationOptions.Parse(cache.Configuration ?? ""));
        // Asked each time: what kind of server it is, is known when it has been connected.
        return options is { Ssl: false, EndPoints.Count: 1 } && cache.GetServer(options.EndPoints[0]).ServerType == ServerType.Standalone
            ? options
            : null;
    }

    /// <exception cref="SocketException">The server can't be reached.</exception>
    public static async Task<Socket> ConnectAsync(ConfigurationOptions options, CancellationToken ct)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(options.EndPoints[0], ct).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>What a new connection has to say first; the server answers each with a line.</summary>
    public static IEnumerable<string[]> Greeting(ConfigurationOptions options)
    {
        if (!string.IsNullOrEmpty(options.Password))
            yield return ["AUTH", options.Password];
        if (options.DefaultDatabase is > 0 and var database)
            yield return ["SELECT", $"{database}"];
    }
}
