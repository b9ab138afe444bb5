using System.Net;
using System.Net.Sockets;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Doctor;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Flags;
using Overnight.Tests.Harness;
using Overnight.Tests.Providers;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Health;

/// <summary>What it means that PostgreSQL is away, and what is tried again then.</summary>
public sealed class DatabaseOutageTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    // Code, and whether it is an outage, one of the server, a lost connection, and surely unexecuted.
    [InlineData("57P01", true, true, true, true)]
    [InlineData("57P02", true, true, true, false)]
    [InlineData("57P05", true, true, true, true)]
    [InlineData("25P03", true, false, true, true)]
    [InlineData("25P04", true, false, true, true)]
    [InlineData("57P03", true, true, false, true)]
    [InlineData("53300", true, true, false, true)]
    [InlineData("25006", true, true, false, false)]
    [InlineData("53100", true, false, false, false)]
    [InlineData("57014", true, false, false, false)]
    [InlineData("55P03", true, false, false, false)]
    [InlineData("40P01", true, false, false, false)]
    [InlineData("23514", false, false, false, false)]
    [InlineData("42P01", false, false, false, false)]
    [InlineData("42501", false, false, false, false)]
    public void Code_OfTheServer_IsClassifiedInOneList(string code, bool isOutage, bool isAway, bool isLost, bool isUnexecuted)
    {
        PostgresException server = new("it says", "ERROR", "ERROR", code);
        foreach (var exception in (Exception[])[server, new InvalidOperationException("as EF Core wraps it", server)])
            Assert.Equal(
                (isOutage, isAway, isLost, isUnexecuted),
                (
                    DatabaseOutage.Is(exception),
                    DatabaseOutage.IsAway(exception),
                    DatabaseOutage.IsLostConnection(exception),
                    DatabaseOutage.IsUnexecuted(exception)
                )
            );
    }

    [Fact]
    public void Exception_OfTheDriver_IsClassifiedInOneList()
    {
        Assert.Equal((true, true, false, true), Of(new SocketException()));
        Assert.Equal((true, true, true, false), Of(new IOException()));
        Assert.Equal((true, false, false, false), Of(new TimeoutException()));
        Assert.Equal((false, false, false, false), Of(new FormatException()));

        static (bool, bool, bool, bool) Of(Exception inner)
        {
            NpgsqlException client = new("it says", inner);
            return (
                DatabaseOutage.Is(client),
                DatabaseOutage.IsAway(client),
                DatabaseOutage.IsLostConnection(client),
                DatabaseOutage.IsUnexecuted(client)
            );
        }
    }

    /// <summary>The case pool-after-restart: the first request after it is answered, a read and a write alike.</summary>
    [Fact]
    public async Task Request_AfterTheServerEndedPooledConnections_IsAnsweredAtOnce()
    {
        // A clock that stands, so that no loop of the node finds the lost connections first.
        TestClock time = new();
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            time,
            new Dictionary<string, string> { ["Flags:Environment"] = "test" }
        );
        var admin = await app.Database.AddSessionAsync(await app.Database.AddUserAsync("admin"), time.GetUtcNow().AddHours(1));
        var (_, email) = await app.Database.AddAccountAsync();
        await app.Database.AddFlagAsync("test", "new-page", value: "1");
        var (user, _) = await app.Database.AddAccountAsync();
        (string What, Func<Task<HttpResponseMessage>> Ask)[] requests =
        [
            ("GET runs", () => app.GetAsync("/api/runs?limit=1", admin, Ct)),
            ("HEAD runs", () => app.SendAsync(HttpMethod.Head, "/api/runs?limit=1", admin)),
            ("POST what-if", () => app.PostAsync($"/api/what-if?user={user}", "{}", admin)),
            ("POST redeliver", () => app.PostAsync($"/api/admin/notices/{Guid.NewGuid()}/redeliver", token: admin)),
            ("POST retry", () => app.PostAsync($"/api/runs/{Guid.NewGuid()}/retry", token: admin)),
            ("POST pause", () => app.PostAsync("/api/admin/schedule/markets/NYSE/pause", """{"reason":"a move"}""", admin)),
            ("POST ban", () => app.PostAsync($"/api/admin/users/{user}/ban", token: admin)),
            ("DELETE sessions", () => app.SendAsync(HttpMethod.Delete, $"/api/admin/users/{user}/sessions", admin)),
            ("GET calculations", () => app.GetAsync($"/api/calculations?user={Guid.NewGuid()}", admin, Ct)),
            ("GET flags", () => app.GetAsync("/api/admin/flags", admin, Ct)),
            ("POST sessions", () => app.SignInAsync(email, SignInHelp.Password)),
            ("PATCH flag", () => app.PatchFlagAsync("new-page", admin, """{"value":2}""")),
            ("POST runs", () => app.PostAsync("/api/runs", "{}", admin)),
            ("POST invalidate", () => app.PostAsync("/api/admin/cache/invalidate", """{"all":true}""", admin)),
            ("DELETE session", () => app.SendAsync(HttpMethod.Delete, "/api/sessions/current", admin)),
        ];
        foreach (var (what, ask) in requests)
        {
            // Several connections are in the pool, and each of them is lost.
            foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => app.GetAsync("/api/runs?limit=1", admin, Ct))))
                answer.Dispose();
            await EndConnectionsAsync(app);

            using var first = await ask();

            Assert.True((int)first.StatusCode < 500, $"{what}: {first.StatusCode}");
            // Not found may be what was asked for, but not the route.
            if (first.StatusCode == HttpStatusCode.NotFound)
                Assert.NotEqual("Not Found", (await first.JsonAsync()).GetProperty("title").GetString());
        }
        await EndConnectionsAsync(app);
        using var health = await app.GetAsync("/health", ct: Ct);
        Assert.Equal("Degraded: workers", await health.Content.ReadAsStringAsync(Ct));
    }

    /// <summary>The case postgres-read-only, which is what a standby answers after a failover.</summary>
    [Fact]
    public async Task Write_DatabaseIsReadOnly_Is503AndTheDoctorNamesIt()
    {
        await using ApiApp app = new(
            await servers.CreateDatabaseAsync(Ct),
            await servers.CacheConnectionStringAsync(Ct),
            settings: new Dictionary<string, string> { ["Flags:Environment"] = "test" }
        );
        var (_, admin) = await app.Database.SignInAsync("admin");
        var (user, email) = await app.Database.AddAccountAsync();
        await app.Database.AddFlagAsync("test", "new-page", value: "1");
        await app.Database.ExecuteAsync(
            "do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$"
        );
        await EndConnectionsAsync(app);

        (string What, Func<Task<HttpResponseMessage>> Ask)[] writes =
        [
            ("POST sessions", () => app.SignInAsync(email, SignInHelp.Password)),
            ("PATCH flag", () => app.PatchFlagAsync("new-page", admin, """{"value":2}""")),
            ("POST runs", () => app.PostAsync("/api/runs", "{}", admin)),
            ("POST invalidate", () => app.PostAsync("/api/admin/cache/invalidate", """{"all":true}""", admin)),
            ("POST event", () => app.PostAsync("/api/admin/cache/events", """{"event":"ACCOUNT_CREATED"}""", admin)),
            ("POST ban", () => app.PostAsync($"/api/admin/users/{user}/ban", token: admin)),
            ("POST unban", () => app.PostAsync($"/api/admin/users/{user}/unban", token: admin)),
            ("DELETE sessions", () => app.SendAsync(HttpMethod.Delete, $"/api/admin/users/{user}/sessions", admin)),
            ("DELETE session", () => app.SendAsync(HttpMethod.Delete, "/api/sessions/current", admin)),
        ];
        foreach (var (what, ask) in writes)
        {
            using var answer = await ask();
            Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, $"{what}: {answer.StatusCode}");
            Assert.Equal("Temporarily unavailable", (await answer.JsonAsync()).GetProperty("title").GetString());
            Assert.NotNull(answer.Headers.RetryAfter);
        }
        // Reads go on.
        using var read = await app.GetAsync("/api/runs", admin, Ct);
        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        DoctorReport doctor = new(
            app.Database,
            new(() => throw new InvalidOperationException("no cache in this test")),
            TimeProvider.System
        );
        Assert.Contains(await doctor.FindAsync(Ct), found =>
            found.What == "The database takes no writes: default_transaction_read_only is on."
        );
    }

    /// <summary>Reads are answered all the while, and neither end the outage in the log nor begin another.</summary>
    [Fact]
    public async Task Outage_OfADatabaseThatIsReadOnly_EndsWhenItTakesWritesAgain()
    {
        var connection = await servers.CreateDatabaseAsync(Ct);
        await using var writable = NpgsqlDataSource.Create(connection);
        await using var readOnly = NpgsqlDataSource.Create($"{connection};Options=-c default_transaction_read_only=on");
        LogLines log = new();
        DatabaseState state = new(new LogLines<DatabaseState>(log));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => readOnly.ExecuteAsync("delete from worker_heartbeats"));

        for (var time = 0; time < 2; time++)
        {
            Assert.True(state.IsAway(refused));
            await state.AnsweredAsync(readOnly, Ct);
        }
        Assert.Equal(("Warning", 1, false), (log.All.Single().Split(' ')[0], log.All.Count, state.IsKnownAway));

        await state.AnsweredAsync(writable, Ct);
        await state.AnsweredAsync(writable, Ct);
        Assert.Equal("Information PostgreSQL answers again.", Assert.Single(log.All.Skip(1)).TrimEnd());
    }

    /// <summary>As a restart of the server does it, of every client of this database.</summary>
    private static async Task EndConnectionsAsync(ApiApp app)
    {
        const string others =
            "from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()";
        await using NpgsqlConnection connection = new(
            new NpgsqlConnectionStringBuilder(app.ConnectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(Ct);
        await using (NpgsqlCommand end = new($"select pg_terminate_backend(pid) {others}", connection))
            await end.ExecuteNonQueryAsync(Ct);
        await using NpgsqlCommand count = new($"select count(*) {others}", connection);
        await Eventually.TrueAsync(async () => await count.ExecuteScalarAsync(Ct) is 0L, "the server has ended them");
        // The test's own are lost, too.
        app.Database.Clear();
    }
}
