using System.Security.Cryptography;
using Npgsql;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Servers;

/// <summary>
/// A temporary folder with servers of its own, prepared and started by the app's own code, on free ports with a generated password.
/// Everything is stopped and deleted at the end.
/// </summary>
internal sealed class Workbench : IAsyncDisposable
{
    public const string Database = "overnight";
    private readonly string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly Stack<IAsyncDisposable> started = [];
    private readonly TemporaryFolder folder = TemporaryFolder.Create("overnight-benchmarks-");

    public string CreateFolder(string name) => folder.CreateFolder($"{name}-");

    /// <summary>Durable, as the app runs it.</summary>
    /// <param name="directory">That of a server that has ended, with its port, to start it again; a new one when null.</param>
    public async Task<PostgresServer> StartPostgresAsync(CancellationToken ct, string? directory = null, int? port = null) =>
        Started(
            await PostgresServer.StartAsync(
                directory ?? CreateFolder("postgres"),
                password,
                new() { Port = port, BinariesDirectory = BinariesFolder() },
                ct
            )
        );

    /// <param name="directory">As with PostgreSQL; it comes back empty.</param>
    public async Task<CacheServer> StartCacheAsync(
        LocalRedisProgram program,
        CancellationToken ct,
        string? directory = null,
        int? port = null,
        IReadOnlyList<string>? settings = null
    ) =>
        Started(
            await CacheServer.StartAsync(
                directory ?? CreateFolder("cache"),
                password,
                new()
                {
                    Port = port,
                    Program = program,
                    ToolDirectory = AppContext.BaseDirectory,
                    Settings = settings ?? [],
                },
                ct
            )
        );

    /// <summary>A cache of a topology, told by its first process.</summary>
    public async Task<CacheServer> StartCacheAsync(CacheTopology topology, LocalRedisProgram program, CancellationToken ct)
    {
        if (topology == CacheTopology.Standalone)
            return await StartCacheAsync(program, ct);
        var cache = await CacheOf.StartAsync(topology, settings => StartCacheAsync(LocalRedisProgram.Redis, ct, settings: settings), ct);
        var first = cache.Servers[0];
        (first.ConnectionString, first.AdministratorsConnectionString) = (cache.ConnectionString, cache.AdministratorsConnectionString);
        return first;
    }

    /// <summary>Starts one of our own programs, in the build that this one came with.</summary>
    /// <param name="environment">Where the secrets go.</param>
    public ChildProcess StartProgram(
        IEnumerable<string> arguments,
        Action<string> line,
        IReadOnlyDictionary<string, string?> environment
    ) => Started(new ChildProcess(ExternalProgram.Dotnet, arguments, line, AppContext.BaseDirectory, environment));

    /// <summary>What a service finds in its environment from the AppHost, telemetry off whatever is set here.</summary>
    public static Dictionary<string, string?> ServiceEnvironment(PostgresServer postgres, CacheServer cache) =>
        ServiceEnvironment(postgres, cache.ConnectionString);

    /// <param name="cache">Connection string.</param>
    public static Dictionary<string, string?> ServiceEnvironment(PostgresServer postgres, string cache) =>
        new()
        {
            ["ConnectionStrings__overnight"] = postgres.ConnectionString(Database),
            ["ConnectionStrings__cache"] = cache,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "",
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
        };

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        while (started.TryPop(out var server))
            await server.DisposeAsync();
        folder.Dispose();
    }

    private T Started<T>(T server)
        where T : IAsyncDisposable
    {
        started.Push(server);
        return server;
    }

    /// <returns>Where the app, too, keeps a PostgreSQL that it fetched; null, for beside the data, when this is no clone.</returns>
    private static string? BinariesFolder()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            if (File.Exists(Path.Combine(above.FullName, "Overnight.slnx")))
                return Path.Combine(above.FullName, ".data", "postgres-binaries");
        }
        return null;
    }
}
