using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Overnight.Auditor;
using Overnight.Benchmarks.Servers;
using Overnight.Core.Runs;
using Overnight.Jobs;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>A database with demo users of its own, and Jobs' services over it as the program has them.</summary>
internal sealed class PipelineFixture : IAsyncDisposable
{
    /// <summary>Counts up, as tests share a cache: each fixture has users of its own, and data that its seed makes again.</summary>
    private static int _lastSeed = 1_000;

    private readonly IHost _host;

    private PipelineFixture(IHost host, string database, string cache) =>
        (_host, DatabaseConnection, CacheConnection) = (host, database, cache);

    public string DatabaseConnection { get; }
    public string CacheConnection { get; }
    public IServiceProvider Services => _host.Services;
    public NpgsqlDataSource Database => Services.GetRequiredService<NpgsqlDataSource>();
    public RunStore Runs => Services.GetRequiredService<RunStore>();
    public RunParticipant Participant => Services.GetRequiredService<RunParticipant>();

    /// <param name="users">Demo users; with 10 holdings and 5 criteria each, for speed.</param>
    /// <param name="cache">A cache of the test's own; the shared one unless given.</param>
    /// <param name="settings">Configuration over the fixture's own.</param>
    /// <param name="time">A clock that the test turns; the system's unless given.</param>
    /// <param name="logs">Gets what is logged; nothing does unless given.</param>
    public static async Task<PipelineFixture> CreateAsync(
        TestServers servers,
        int users,
        CancellationToken ct,
        string? cache = null,
        int batchSize = 50,
        IReadOnlyDictionary<string, string?>? settings = null,
        TimeProvider? time = null,
        ILoggerProvider? logs = null
    )
    {
        var database = await servers.CreateDatabaseAsync(ct);
        return await SeededAsync(
            Over(database, cache ?? await servers.CacheConnectionStringAsync(ct), batchSize, settings, time, logs),
            users,
            ct
        );
    }

    /// <summary>In a PostgreSQL of the test's own, to be killed.</summary>
    public static async Task<PipelineFixture> CreateOnAsync(TestServers servers, PostgresServer postgres, int users, CancellationToken ct)
    {
        var database = await TestRoles.MigrateAsync(postgres.ConnectionString("postgres"), "night", ct);
        return await SeededAsync(Over(database, await servers.CacheConnectionStringAsync(ct), 50), users, ct);
    }

    /// <summary>Another replica over the same database and cache.</summary>
    /// <param name="settings">Configuration over the fixture's own.</param>
    public PipelineFixture Replica(IReadOnlyDictionary<string, string?>? settings = null) =>
        Over(DatabaseConnection, CacheConnection, 50, settings);

    public static PipelineFixture Over(
        string database,
        string cache,
        int batchSize,
        IReadOnlyDictionary<string, string?>? settings = null,
        TimeProvider? time = null,
        ILoggerProvider? logs = null
    )
    {
        var builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { EnvironmentName = Environments.Development, DisableDefaults = true }
        );
        builder.Configuration.AddInMemoryCollection(
            new Dictionary<string, string?>
            {
                ["ConnectionStrings:overnight"] = database,
                ["ConnectionStrings:cache"] = cache,
                ["Night:BatchSize"] = $"{batchSize}",
                ["Night:Workers"] = "3",
            }
        );
        if (settings is not null)
            builder.Configuration.AddInMemoryCollection(settings);
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Logging.ClearProviders();
        if (logs is not null)
            builder.Logging.AddProvider(logs);
        builder.AddConnections();
        builder.AddPipeline();
        builder.Services.AddSingleton<DemoSeeder>();
        return new(builder.Build(), database, cache);
    }

    private static async Task<PipelineFixture> SeededAsync(PipelineFixture fixture, int users, CancellationToken ct)
    {
        var seed = Interlocked.Increment(ref _lastSeed);
        TestContext.Current.TestOutputHelper?.WriteLine($"The demo users' seed is {seed}.");
        await fixture
            .Services.GetRequiredService<DemoSeeder>()
            .SeedAsync(
                new()
                {
                    Users = users,
                    Holdings = 10,
                    Criteria = 5,
                    Seed = seed,
                },
                null,
                ct
            );
        return fixture;
    }

    /// <summary>Works on a run whose steps wait by a clock that is turned meanwhile, until it ends or gives up.</summary>
    public async Task WorkAsync(PipelineRun run, TestClock clock, CancellationToken ct)
    {
        var work = Participant.WorkAsync(run, ct);
        await Eventually.TrueAsync(
            () =>
            {
                if (!work.IsCompleted)
                    clock.Advance(TimeSpan.FromMilliseconds(100));
                return work.IsCompleted;
            },
            "the run ends"
        );
        await work;
    }

    /// <summary>Runs tonight's night to its end, in this process.</summary>
    public async Task<PipelineRun> RunAsync(CancellationToken ct, bool again = false)
    {
        var (run, _) = await Runs.StartOrJoinAsync("NYSE", null, RunTrigger.Manual, again, ct);
        await Participant.WorkAsync(run, ct);
        await Participant.CacheRestAsync(run.Id, ct);
        return (await Runs.FindAsync(run.Id, ct))!;
    }

    public async Task<T> ScalarAsync<T>(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        return (T)(await command.ExecuteScalarAsync(ct))!;
    }

    public async Task ExecuteAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var command = Database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// SPEC A4, A6: each computed user has exactly one result and four events, each failed one two events and none; and an auditor that
    /// knows nothing of the pipeline finds nothing wrong.
    /// </summary>
    public async Task AssertExactlyOnceAsync(Guid run, int users, int failed, CancellationToken ct)
    {
        Assert.Equal(users - failed, await ScalarAsync<long>("select count(*) from calculation_results where run_id = $1", ct, run));
        Assert.Equal(
            users - failed,
            await ScalarAsync<long>("select count(distinct user_id) from calculation_results where run_id = $1", ct, run)
        );
        Assert.Equal(
            users - failed,
            await ScalarAsync<long>(
                "select count(*) from (select user_id from calculation_events where run_id = $1 group by 1 having count(*) = 4 and array_agg(type order by type) = '{1,2,3,4}') x",
                ct,
                run
            )
        );
        Assert.Equal(
            (users - failed) * 4 + failed * 2,
            await ScalarAsync<long>("select count(*) from calculation_events where run_id = $1", ct, run)
        );
        Assert.Equal(failed, await ScalarAsync<long>("select count(*) from run_failures where run_id = $1", ct, run));
        Assert.Equal(0, await ScalarAsync<long>("select count(*) from run_batches where run_id = $1 and status = 'pending'", ct, run));
        Assert.Empty((await DatabaseAudit.RunAsync(Database, new(TimeSpan.FromMinutes(5), CacheConnection), ct)).Findings);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        else
            _host.Dispose();
    }
}
