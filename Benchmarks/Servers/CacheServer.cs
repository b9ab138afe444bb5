using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Overnight.LocalServers;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Servers;

internal sealed class CacheServer : ServerProcess
{
    private readonly string folder;
    private readonly LocalRedisOptions options;

    private CacheServer(ChildProcess process, string home, int port, string password, string folder, LocalRedisOptions options)
        : base(process, home, port, password) =>
        (this.folder, this.options, ConnectionString) = (folder, options, $"{IPAddress.Loopback}:{port},password={password}");

    /// <summary>What runs.</summary>
    public LocalRedisProgram Kind => options.Program;

    /// <summary>Of the product; that of its topology where it is part of one.</summary>
    public string ConnectionString { get; set; }

    /// <summary>Of one who may do everything; the product's where that may.</summary>
    public string AdministratorsConnectionString
    {
        get => field ?? ConnectionString;
        set;
    }

    protected override string StopSignal => ChildProcess.Terminate;

    /// <summary>What no service ever does: FLUSHALL, CONFIG, CLIENT.</summary>
    public Task AdministerAsync(string command, params object[] arguments) => AskAsync(command, arguments);

    /// <summary>The same, for its answer.</summary>
    public async Task<string> AskAsync(string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(ConnectionString + ",allowAdmin=true");
        return $"{await connection.GetServers()[0].ExecuteAsync(command, arguments)}";
    }

    /// <summary>Once it has ended: on the same port, configured alike, and empty.</summary>
    public Task<CacheServer> StartAgainAsync(CancellationToken ct) => StartAsync(folder, Password, options, ct);

    /// <param name="folder">Of its configuration.</param>
    /// <exception cref="MissingServerException">There is no cache server of that kind to start.</exception>
    public static async Task<CacheServer> StartAsync(string folder, string password, LocalRedisOptions options, CancellationToken ct)
    {
        var (prepared, kind) = await RedisPreparation.RunAsync(folder, password, options, NullLogger.Instance, ct);
        var port = options.Port ?? FreePort();
        CacheServer server = new(
            Start(prepared, port),
            prepared.Home,
            port,
            password,
            folder,
            options with
            {
                Port = port,
                Program = kind,
            }
        );
        await server.ReadyAsync(
            async limit =>
            {
                // Before it listens, the client would take its time to say so.
                using (TcpClient client = new())
                    await client.ConnectAsync(IPAddress.Loopback, port, limit);
                await LocalRedisBuilderExtensions.AskAsync(server.ConnectionString, limit);
            },
            ct
        );
        return server;
    }
}
