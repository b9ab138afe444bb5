using System.Security.Cryptography;
using Npgsql;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

[assembly: AssemblyFixture(typeof(TestServers))]

namespace Overnight.Tests.Harness;

/// <summary>
/// One PostgreSQL and one cache for all tests, resources as the app's, started when the first test asks. A test takes a constructor
/// parameter of this type and makes a database, or keys, of its own. Where a server is not to be had the test is skipped; with CI=true
/// it fails.
/// </summary>
public sealed class TestServers : IAsyncDisposable
{
    private readonly string password = RandomNumberGenerator.GetHexString(32, lowercase: true);
    private readonly List<IAsyncDisposable> started = [];
    private readonly Lazy<TemporaryFolder> folder = new(() => TemporaryFolder.Create("overnight-tests-"));
    private readonly Lazy<Task<SharedServers>> shared;
    private readonly Lazy<Task<string>> template;
    private int databases;

    public TestServers()
    {
        // Shared by every test, so no test's token may cancel them.
        shared = new(() => SharedServers.StartAsync(CreateFolder(), password));
        template = new(MigrateTemplateAsync);
    }

    /// <returns>The owner's connection string of a new database with every migration applied; <see cref="TestRoles"/> has those of the
    /// other roles.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken ct)
    {
        var database = await CreateAsync(await template.Value.WaitAsync(ct), ct, TestRoles.Owner);
        return TestRoles.OfOwner(database);
    }

    /// <returns>The administrator's connection string of a new database without tables.</returns>
    public Task<string> CreateEmptyDatabaseAsync(CancellationToken ct) => CreateAsync("template1", ct);

    /// <returns>The connection string of the cache that all tests share: use keys of a user or tenant of your own, and flush
    /// nothing.</returns>
    public async Task<string> CacheConnectionStringAsync(CancellationToken ct) => (await SharedAsync(ct)).Cache;

    /// <returns>The path of a new folder, gone when the tests end.</returns>
    public Task<string> CreateFolderAsync() => Task.FromResult(CreateFolder());

    /// <summary>A PostgreSQL of the test's own, to stop or kill; give its directory and port to start it again.</summary>
    internal Task<PostgresServer> StartPostgresAsync(
        CancellationToken ct,
        string? directory = null,
        int? port = null,
        bool installed = true
    ) =>
        StartedAsync(
            PostgresServer.StartAsync(
                directory ?? CreateFolder(),
                password,
                new()
                {
                    Port = port,
                    IsDurable = false,
                    UseInstalled = installed,
                    BinariesDirectory = Repository.BinariesFolder,
                },
                ct
            )
        );

    /// <summary>A cache of the test's own, to stop or kill; give its directory and port to start it again.</summary>
    internal Task<CacheServer> StartCacheAsync(
        CancellationToken ct,
        string? directory = null,
        int? port = null,
        LocalRedisProgram program = LocalRedisProgram.Any,
        string? maxMemory = null
    ) =>
        StartedAsync(
            CacheServer.StartAsync(
                directory ?? CreateFolder(),
                password,
                new()
                {
                    Port = port,
                    Program = program,
                    MaxMemory = maxMemory,
                    ToolDirectory = Repository.Folder,
                },
                ct
            )
        );

    /// <summary>A cache of a topology, of the test's own.</summary>
    internal Task<CacheOf> StartCacheAsync(CacheTopology topology, CancellationToken ct) =>
        CacheOf.StartAsync(
            topology,
            settings =>
                StartedAsync(
                    CacheServer.StartAsync(CreateFolder(), password, new() { Program = LocalRedisProgram.Redis, Settings = settings }, ct)
                ),
            ct
        );

    /// <summary>The same server once more, after it has ended; it has lost everything.</summary>
    internal Task<CacheServer> StartAgainAsync(CacheServer ended, CancellationToken ct) => StartedAsync(ended.StartAgainAsync(ct));

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Parallel.ForEachAsync(started, CancellationToken.None, async (server, _) => await server.DisposeAsync());
        if (shared.IsValueCreated)
            await (await shared.Value).DisposeAsync();
        if (folder.IsValueCreated)
            folder.Value.Dispose();
    }

    private string CreateFolder() => folder.Value.CreateFolder();

    private Task<SharedServers> SharedAsync(CancellationToken ct) => OrSkipAsync(shared.Value.WaitAsync(ct));

    private async Task<string> MigrateTemplateAsync()
    {
        const string name = "migrated";
        await TestRoles.MigrateAsync((await shared.Value).Postgres("postgres"), name, CancellationToken.None);
        return name;
    }

    private async Task<string> CreateAsync(string from, CancellationToken ct, string owner = "default")
    {
        var server = await SharedAsync(ct);
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await server.CreateDatabaseAsync(name, from, owner, ct);
        return server.Postgres(name);
    }

    private async Task<T> StartedAsync<T>(Task<T> starting)
        where T : IAsyncDisposable
    {
        var server = await OrSkipAsync(starting);
        lock (started)
            started.Add(server);
        return server;
    }

    private static async Task<T> OrSkipAsync<T>(Task<T> starting)
    {
        try
        {
            return await starting;
        }
        catch (MissingServerException e) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(e.Message);
            throw;
        }
    }
}
