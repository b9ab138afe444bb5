using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.LocalServers;
using Overnight.Tests.Harness;

[assembly: AssemblyFixture(typeof(TestServers))]

namespace Overnight.Tests.Harness;

/// <summary>
/// One PostgreSQL and one cache for all tests, started when the first test asks, by the same code as the app's. A test takes a constructor
/// parameter of this type and makes a database, or keys, of its own. Where a server is not to be had the test is skipped; with CI=true it fails.
/// </summary>
public sealed class TestServers : IAsyncDisposable
{
    private readonly ConcurrentStack<IAsyncDisposable> started = [];
    private readonly Lazy<Task<TestFolder>> folder = new(TestFolder.CreateAsync);
    private readonly Lazy<Task<PostgresServer>> postgres;
    private readonly Lazy<Task<CacheServer>> cache;
    private readonly Lazy<Task<string>> template;
    private int databases;

    public TestServers()
    {
        // Shared by every test, so no test's token may cancel them.
        postgres = new(() => StartPostgresAsync(CancellationToken.None));
        cache = new(() => StartCacheAsync(CancellationToken.None));
        template = new(MigrateTemplateAsync);
    }

    /// <returns>The owner's connection string of a new database with every migration applied; <see cref="TestRoles"/> has those of the other roles.</returns>
    public async Task<string> CreateDatabaseAsync(CancellationToken ct)
    {
        var database = await CreateAsync(await template.Value.WaitAsync(ct), ct, TestRoles.Owner);
        return TestRoles.OfOwner(database);
    }

    /// <returns>The administrator's connection string of a new database without tables.</returns>
    public Task<string> CreateEmptyDatabaseAsync(CancellationToken ct) => CreateAsync("template1", ct);

    /// <returns>The connection string of the cache that all tests share: use keys of a user or tenant of your own, and flush nothing.</returns>
    public async Task<string> CacheConnectionStringAsync(CancellationToken ct) => (await cache.Value.WaitAsync(ct)).ConnectionString;

    /// <returns>The path of a new folder, gone when the tests end.</returns>
    public async Task<string> CreateFolderAsync() => (await folder.Value).CreateFolder();

    /// <summary>A PostgreSQL of the test's own, to stop or kill; give its directory and port to start it again.</summary>
    internal async Task<PostgresServer> StartPostgresAsync(
        CancellationToken ct,
        string? directory = null,
        int port = 0,
        bool installed = true
    ) =>
        await StartedAsync(
            PostgresServer.StartAsync(
                directory ?? await CreateFolderAsync(),
                NullLogger.Instance,
                ct,
                port: port,
                durable: false,
                binaries: Repository.BinariesFolder,
                installed: installed,
                ledger: (await folder.Value).Ledger
            )
        );

    /// <summary>A cache of the test's own, to stop or kill; give its directory and port to start it again.</summary>
    internal async Task<CacheServer> StartCacheAsync(
        CancellationToken ct,
        string? directory = null,
        int port = 0,
        CacheKind kind = CacheKind.Any,
        string? maxMemory = null
    ) =>
        await StartedAsync(
            CacheServer.StartAsync(
                directory ?? await CreateFolderAsync(),
                NullLogger.Instance,
                ct,
                port: port,
                kind: kind,
                maxMemory: maxMemory,
                repository: Repository.Folder,
                ledger: (await folder.Value).Ledger
            )
        );

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Parallel.ForEachAsync(started, CancellationToken.None, async (server, _) => await server.DisposeAsync());
        if (folder.IsValueCreated)
            (await folder.Value).Dispose();
    }

    private async Task<string> MigrateTemplateAsync()
    {
        const string name = "migrated";
        await TestRoles.MigrateAsync((await postgres.Value).ConnectionString("postgres"), name, CancellationToken.None);
        return name;
    }

    private async Task<string> CreateAsync(string from, CancellationToken ct, string owner = "default")
    {
        var server = await postgres.Value.WaitAsync(ct);
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await using NpgsqlConnection connection = new(server.ConnectionString("postgres"));
        await connection.OpenAsync(ct);
        await using NpgsqlCommand create = new($"create database {name} template {from} owner {owner}", connection);
        await create.ExecuteNonQueryAsync(ct);
        return server.ConnectionString(name);
    }

    private async Task<T> StartedAsync<T>(Task<T> starting)
        where T : IAsyncDisposable
    {
        try
        {
            var server = await starting;
            started.Push(server);
            return server;
        }
        catch (MissingServerException e) when (Environment.GetEnvironmentVariable("CI") != "true")
        {
            Assert.Skip(e.Message);
            throw;
        }
    }
}
