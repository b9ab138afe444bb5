using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Doctor;
using Overnight.Core.Runs;
using Overnight.Jobs.Pipeline;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Health;

/// <summary>Whether anybody works, where people look: health, the doctor, and the answer to who starts a run.</summary>
public sealed class WorkerTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Loop_FromStartToStop_RenewsItsRowAndTakesItAway()
    {
        TestClock time = new();
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        WorkerDirectory workers = new(database, time);
        using HeartbeatLoop loop = new(
            workers,
            Cache(database),
            new(NullLogger<DatabaseState>.Instance),
            time,
            NullLogger<HeartbeatLoop>.Instance
        );
        await loop.StartAsync(Ct);
        await Eventually.TrueAsync(async () => await workers.FindAsync(Ct) == (1, time.GetUtcNow()), "it is heard at its start");

        for (var i = 0; i < 6; i++)
        {
            time.Advance(WorkerDirectory.Interval);
            await Eventually.TrueAsync(async () => await workers.FindAsync(Ct) == (1, time.GetUtcNow()), "it is heard again");
        }
        Assert.Equal(
            $"{Environment.MachineName} {Environment.ProcessId}",
            await database.ScalarAsync<string>("select host || ' ' || process_id from worker_heartbeats")
        );
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from cache_presence"));
        await loop.StopAsync(Ct);

        Assert.Equal((0, null), await workers.FindAsync(Ct));
    }

    /// <summary>The outage is logged by whoever notices it first, and not by each loop once more.</summary>
    [Fact]
    public async Task Loop_WhilePostgresIsAway_LogsTheOutageAlone()
    {
        TestClock time = new();
        LogLines log = new();
        await using var nowhere = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Timeout=1");
        using HeartbeatLoop loop = new(
            new(nowhere, time),
            Cache(nowhere),
            new(new LogLines<DatabaseState>(log)),
            time,
            new LogLines<HeartbeatLoop>(log)
        );

        await loop.StartAsync(Ct);
        // The host runs a loop on another thread, and one that is stopped at once may never begin.
        await Eventually.TrueAsync(() => log.All.Count > 0, "the loop met the outage");
        await loop.StopAsync(Ct);

        Assert.StartsWith("Warning PostgreSQL does not answer", Assert.Single(log.All), StringComparison.Ordinal);
    }

    /// <summary>Of a process that was killed, or whose host vanished.</summary>
    [Fact]
    public async Task Worker_ThatFellSilent_CountsForAMinuteAndIsForgottenAfterADay()
    {
        TestClock time = new();
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        WorkerDirectory workers = new(database, time);
        var last = time.GetUtcNow();
        await BeatAsync(workers, time);

        time.Advance(WorkerDirectory.Silence);
        Assert.Equal((1, last), await workers.FindAsync(Ct));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0, last), await workers.FindAsync(Ct));
        DoctorReport doctor = new(database, new(() => throw new InvalidOperationException("no cache in this test")), time);
        var finding = Assert.Single(await doctor.FindAsync(Ct), found =>
            found.What.StartsWith("No jobs process was heard for 60 s", StringComparison.Ordinal)
        );
        Assert.Equal(last, finding.Since);

        time.Advance(WorkerDirectory.Kept);
        await BeatAsync(workers, time);
        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from worker_heartbeats"));
        Assert.DoesNotContain(await doctor.FindAsync(Ct), found => found.What.StartsWith("No jobs process", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_WithoutAWorker_IsDegradedUntilOneIsHeard()
    {
        TestClock time = new();
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), time);
        Assert.Equal((HttpStatusCode.OK, "Degraded: workers"), await HealthAsync(app));

        await BeatAsync(new(app.Database, time), time);
        Assert.Equal((HttpStatusCode.OK, "Healthy"), await HealthAsync(app));

        time.Advance(WorkerDirectory.Silence + TimeSpan.FromSeconds(1));
        Assert.Equal((HttpStatusCode.OK, "Degraded: workers"), await HealthAsync(app));
    }

    [Fact]
    public async Task PostRuns_WithAndWithoutAWorker_SaysWhetherAnybodyIsThere()
    {
        TestClock time = new();
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct), time);
        var admin = await app.Database.AddSessionAsync(await app.Database.AddUserAsync("admin"), time.GetUtcNow().AddHours(1));
        // An active user, without whom the answer says that there is nobody to compute.
        var user = await app.Database.AddUserAsync();
        await app.Database.ExecuteAsync(
            """
            with asset as (insert into assets (id, market, symbol, name, currency) values ($1, 'NYSE', 'AAA', 'A', 'USD') returning id),
            user_market as (insert into user_markets (user_id, market) values ($1, 'NYSE')),
            portfolio as (insert into portfolios (user_id) values ($1))
            insert into holdings (user_id, asset_id, quantity) select $1, id, 1 from asset
            """,
            user
        );

        using var alone = await app.PostAsync("/api/runs", "{}", admin);
        await BeatAsync(new(app.Database, time), time);
        using var heard = await app.PostAsync("/api/runs", "{}", admin);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (alone.StatusCode, heard.StatusCode));
        var (before, after) = (await alone.JsonAsync(), await heard.JsonAsync());
        Assert.Equal((0, 1), (before.GetProperty("workers").GetInt32(), after.GetProperty("workers").GetInt32()));
        Assert.StartsWith("No jobs process was heard", before.GetProperty("note").GetString());
        Assert.False(after.TryGetProperty("note", out _));
    }

    /// <summary>Of a process with a connection to a cache.</summary>
    private static CacheLastSeen Cache(NpgsqlDataSource database)
    {
        CacheTelemetry telemetry = new(new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>());
        return new(
            database,
            new CacheCircuit(Options.Create(new CacheOptions()), TimeProvider.System, telemetry, NullLogger<CacheCircuit>.Instance)
        );
    }

    internal static Task BeatAsync(WorkerDirectory workers, TimeProvider time) =>
        workers.BeatAsync(Guid.CreateVersion7(), "a-host", 1, time.GetUtcNow(), Ct);

    private static async Task<(HttpStatusCode Status, string Body)> HealthAsync(ApiApp app)
    {
        using var answer = await app.GetAsync("/health", ct: Ct);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }
}
