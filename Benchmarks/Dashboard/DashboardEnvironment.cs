using Npgsql;
using Overnight.Benchmarks.Pipeline;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Dashboard;

/// <summary>What is read after a night: real entries of every user, in the cache and in PostgreSQL, and a session for each.</summary>
internal sealed class DashboardEnvironment : IAsyncDisposable
{
    /// <summary>Users, some megabytes.</summary>
    private const int FilledAtOnce = 1_000;

    private readonly Workbench bench;
    private readonly SessionSeed sessions;
    private readonly ConnectionMultiplexer redis;

    private DashboardEnvironment(
        Workbench bench,
        PostgresServer postgres,
        CacheServer cache,
        NpgsqlDataSource database,
        SessionSeed sessions,
        string plan,
        ConnectionMultiplexer redis
    )
    {
        (this.bench, this.sessions, this.redis) = (bench, sessions, redis);
        (Postgres, Cache, Database, Plan) = (postgres, cache, database, plan);
    }

    public PostgresServer Postgres { get; }

    public CacheServer Cache { get; }

    public NpgsqlDataSource Database { get; }

    /// <summary>File with the sessions' tokens.</summary>
    public string Plan { get; }

    /// <exception cref="BenchmarkException">The night left a user without a result.</exception>
    public static async Task<DashboardEnvironment> CreateAsync(Workbench bench, DashboardSettings settings, CancellationToken ct)
    {
        var postgres = await bench.StartPostgresAsync(ct);
        var cache = await bench.StartCacheAsync(settings.Topology, settings.Cache, ct);
        var database = await DemoDatabase.CreateAsync(postgres, settings.Users, ct);
        try
        {
            await JobsProcess.RunAsync(bench, postgres, cache, ct);
            var plan = Path.Combine(bench.CreateFolder("sessions"), "plan");
            var seed = await SessionSeed.CreateAsync(database, plan, ct);
            if (seed.Count != settings.Users)
                throw new BenchmarkException($"{seed.Count} of {settings.Users} users have a result; the night was not whole.");
            await DemoDatabase.SettleAsync(database, ct);
            return new(bench, postgres, cache, database, seed, plan, await ConnectionMultiplexer.ConnectAsync(CacheAdmin.Options(cache)));
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    /// <param name="answer">File with the constant's body; null without a constant.</param>
    /// <param name="connection">To a cache that is not there; null for the cache.</param>
    public Task<ApiProcess> StartApiAsync(string? answer, CancellationToken ct, string? connection = null) =>
        ApiProcess.StartAsync(bench, Postgres, Cache, answer, Plan, ct, connection);

    public IReadOnlyList<string> TokenHashes => sessions.Hashes;

    /// <summary>Puts all sessions into the cache, where they live 5 minutes, which a long series would outlast.</summary>
    public Task WarmSessionsAsync() => sessions.WarmAsync(redis.GetDatabase());

    /// <summary>Puts what FusionCache reads into the cache, in its own form.</summary>
    public async Task FillFusionCacheAsync(CancellationToken ct)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Cache.AdministratorsConnectionString);
        using FusionCacheRival rival = new(connection);
        await foreach (var some in sessions.EntriesAsync(Database, ct).Chunk(FilledAtOnce))
            await rival.FillAsync(some, ct);
    }

    public ValueTask DisposeAsync()
    {
        redis.Dispose();
        return Database.DisposeAsync();
    }
}
