using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Servers;

/// <summary>
/// A temporary folder with servers of its own, started by the app's own code as the app starts them, on free ports with generated
/// passwords. Everything is stopped and deleted at the end; what a killed benchmark left, the next one ends and deletes.
/// </summary>
internal sealed class Workbench : IAsyncDisposable
{
    public const string Database = "overnight";
    private const string Prefix = "overnight-benchmarks-";
    private readonly Stack<IAsyncDisposable> started = [];
    private readonly string folder;
    private readonly ProcessLedger ledger;
    private int folders;

    private Workbench(string folder, ProcessLedger ledger) => (this.folder, this.ledger) = (folder, ledger);

    public static async Task<Workbench> CreateAsync()
    {
        foreach (var old in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                (await ProcessLedger.OpenAsync(old, Report.Step)).Dispose();
                Delete(old);
            }
            catch (Exception e) when (e is InvalidOperationException or IOException or UnauthorizedAccessException)
            {
                // Another benchmark uses it, or another user's did.
            }
        }
        var own = Directory.CreateTempSubdirectory(Prefix).FullName;
        return new(own, await ProcessLedger.OpenAsync(own));
    }

    public string CreateFolder(string name) => Directory.CreateDirectory(Path.Combine(folder, $"{name}-{++folders}")).FullName;

    /// <summary>Durable, as the app runs it.</summary>
    /// <param name="again">Folder and port of a server that has ended, to be started again; a new one when null.</param>
    public async Task<PostgresServer> StartPostgresAsync(CancellationToken ct, (string Folder, int Port)? again = null) =>
        Started(
            await PostgresServer.StartAsync(
                again?.Folder ?? CreateFolder("postgres"),
                NullLogger.Instance,
                ct,
                port: again?.Port ?? 0,
                binaries: Path.Combine(Repository() ?? folder, ".data"),
                ledger: ledger
            )
        );

    /// <param name="again">As with PostgreSQL; it comes back empty.</param>
    public async Task<CacheServer> StartCacheAsync(CacheKind kind, CancellationToken ct, (string Folder, int Port)? again = null) =>
        Started(
            await CacheServer.StartAsync(
                again?.Folder ?? CreateFolder("cache"),
                NullLogger.Instance,
                ct,
                port: again?.Port ?? 0,
                kind: kind,
                repository: Repository() ?? folder,
                ledger: ledger
            )
        );

    /// <summary>Starts one of our own programs, in the build that this one came with.</summary>
    /// <param name="environment">Where the secrets go.</param>
    public ChildProcess StartProgram(
        IEnumerable<string> arguments,
        Action<string> line,
        IReadOnlyDictionary<string, string?> environment
    ) =>
        Started(
            new ChildProcess(
                ChildProcess.Dotnet,
                arguments,
                line,
                directory: AppContext.BaseDirectory,
                environment: environment,
                ledger: ledger
            )
        );

    /// <summary>What a service finds in its environment from the AppHost, telemetry off whatever is set here.</summary>
    public static Dictionary<string, string?> ServiceEnvironment(PostgresServer postgres, CacheServer cache) =>
        new()
        {
            ["ConnectionStrings__overnight"] = postgres.ConnectionString(Database),
            ["ConnectionStrings__cache"] = cache.ConnectionString,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "",
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
        };

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        while (started.TryPop(out var server))
            await server.DisposeAsync();
        ledger.Dispose();
        Delete(folder);
    }

    private T Started<T>(T server)
        where T : IAsyncDisposable
    {
        started.Push(server);
        return server;
    }

    private static string? Repository()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            if (File.Exists(Path.Combine(above.FullName, "Overnight.slnx")))
                return above.FullName;
        }
        return null;
    }

    private static void Delete(string path)
    {
        // As root, servers have their files elsewhere.
        foreach (var pointer in Directory.EnumerateFiles(path, ServerAccount.Pointer, SearchOption.AllDirectories))
        {
            var home = File.ReadAllText(pointer);
            if (Directory.Exists(home))
                Directory.Delete(home, recursive: true);
        }
        Directory.Delete(path, recursive: true);
    }
}
