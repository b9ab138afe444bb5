using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.LocalServers;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Servers;

public sealed class ServerTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_KilledAndStartedAgain_KeepsCommittedData()
    {
        var folder = await servers.CreateFolderAsync();
        var first = await servers.StartPostgresAsync(Ct, folder);
        await ExecuteAsync(first, "create table kept (id int); insert into kept values (7)");
        first.Kill();
        await first.Exited.WaitAsync(Ct);

        var second = await servers.StartPostgresAsync(Ct, folder, first.Port);

        Assert.Equal(first.Port, second.Port);
        Assert.NotEqual(first.ProcessId, second.ProcessId);
        Assert.Equal(7, await ScalarAsync(second, "select id from kept"));
    }

    [Fact]
    public async Task Postgres_Stopped_ExitsCleanlyWithSessionsOpen()
    {
        var server = await servers.StartPostgresAsync(Ct);
        await using NpgsqlConnection held = new(server.ConnectionString("postgres"));
        await held.OpenAsync(Ct);

        await server.StopAsync();

        Assert.Equal(0, await server.Exited);
        Assert.False(File.Exists(Path.Combine(server.Home, "data", "postmaster.pid")));
    }

    [Fact]
    public async Task Postgres_Started_ListensOnLoopbackOnlyWithPasswordAndWithoutRoot()
    {
        var server = await servers.StartPostgresAsync(Ct);

        Assert.Equal("127.0.0.1", await ScalarAsync(server, "show listen_addresses"));
        Assert.Equal("", await ScalarAsync(server, "show unix_socket_directories"));
        Assert.Equal("UTF8", await ScalarAsync(server, "show server_encoding"));
        Assert.Equal("C", await ScalarAsync(server, "select datcollate from pg_database where datname = 'postgres'"));
        NpgsqlConnectionStringBuilder wrong = new(server.ConnectionString("postgres")) { Password = "wrong" };
        await using NpgsqlConnection connection = new(wrong.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync(Ct));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(File.ReadLines($"/proc/{server.ProcessId}/status"), line =>
                line.StartsWith("Uid:\t0", StringComparison.Ordinal)
            );
            Assert.DoesNotContain(
                new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")).Password!,
                await File.ReadAllTextAsync($"/proc/{server.ProcessId}/cmdline", Ct)
            );
        }
    }

    [Fact]
    public async Task Postgres_OtherPasswordThanItsData_SaysWhatToDo()
    {
        var folder = await servers.CreateFolderAsync();
        await (await servers.StartPostgresAsync(Ct, folder)).StopAsync();

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            PostgresServer.StartAsync(folder, NullLogger.Instance, Ct, password: "another", durable: false)
        );

        Assert.Contains("made with another password", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("another\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postgres_PortTaken_FailsAndLeavesNoProcess()
    {
        var taken = await servers.StartPostgresAsync(Ct);

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(() => servers.StartPostgresAsync(Ct, port: taken.Port));

        Assert.Contains($"port {taken.Port}", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, await ScalarAsync(taken, "select 1"));
    }

    [Fact]
    public async Task Postgres_NotInstalled_RunsFromTheNpmPackage()
    {
        if (ChildProcess.FindProgram("npm") is null)
            Assert.Skip("npm is not installed.");
        var server = await servers.StartPostgresAsync(Ct, installed: false);

        Assert.Equal("18", ((string)(await ScalarAsync(server, "show server_version"))!)[..2]);
    }

    [Fact]
    public async Task Postgres_NeitherInstalledNorFetchable_SaysHowToGetOneOrPointAtOne()
    {
        var folder = await servers.CreateFolderAsync();
        // Data of a version that was never released stands for binaries that are gone.
        var missing = await Assert.ThrowsAsync<MissingServerException>(() =>
            PostgresBinaries.FindAsync(folder, null, major: 99, Ct, installed: true)
        );

        Assert.Contains("ConnectionStrings__overnight", missing.Message, StringComparison.Ordinal);
        Assert.Contains("install", missing.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Redis")]
    [InlineData("Garnet")]
    public async Task Cache_Started_AsksForThePasswordKeepsNothingAndStopsAtOnce(string kind)
    {
        var server = await servers.StartCacheAsync(Ct, kind: Enum.Parse<CacheKind>(kind));
        using (var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            Assert.True(await redis.GetDatabase().StringSetAsync("key", "value", TimeSpan.FromMinutes(1)));
            Assert.Equal("value", (string?)await redis.GetDatabase().StringGetAsync("key"));
        }
        await Assert.ThrowsAsync<RedisConnectionException>(() =>
            ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port},connectRetry=1,connectTimeout=1000")
        );
        if (OperatingSystem.IsLinux())
            Assert.DoesNotContain(
                server.ConnectionString.Split("password=")[1],
                await File.ReadAllTextAsync($"/proc/{server.ProcessId}/cmdline", Ct)
            );

        await server.StopAsync();

        Assert.True(server.Exited.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Cache_KilledAndStartedAgain_IsEmptyAtTheSameAddress()
    {
        var folder = await servers.CreateFolderAsync();
        var first = await servers.StartCacheAsync(Ct, folder);
        using (var redis = await ConnectionMultiplexer.ConnectAsync(first.ConnectionString))
            await redis.GetDatabase().StringSetAsync("key", "value");
        first.Kill();
        await first.Exited.WaitAsync(Ct);

        var second = await servers.StartCacheAsync(Ct, folder, first.Port);

        Assert.Equal(first.ConnectionString, second.ConnectionString);
        using var again = await ConnectionMultiplexer.ConnectAsync(second.ConnectionString);
        Assert.False(await again.GetDatabase().KeyExistsAsync("key"));
    }

    [Fact]
    public async Task Ledger_OwnerAlive_RefusesAndNamesIt()
    {
        var folder = await servers.CreateFolderAsync();
        using var owner = await ProcessLedger.OpenAsync(folder);

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => ProcessLedger.OpenAsync(folder));

        Assert.Contains($"process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ledger_AfterItsOwnerWasKilled_EndsWhatRunsButNotAReusedId()
    {
        var folder = await servers.CreateFolderAsync();
        await using ChildProcess left = new("sleep", ["600"]);
        await using ChildProcess stranger = new("sleep", ["600"]);
        using (var ledger = await ProcessLedger.OpenAsync(folder))
        {
            ledger.Add(left.Id, "left", ChildProcess.Terminate);
            ledger.Add(stranger.Id, "stranger", ChildProcess.Terminate);
        }
        // Another start time for the same id is what reuse looks like.
        var file = Path.Combine(folder, "processes.json");
        var parts = (await File.ReadAllTextAsync(file, Ct)).Split("\"Stamp\":\"");
        await File.WriteAllTextAsync(file, string.Join("\"Stamp\":\"", [.. parts[..^1], "1" + parts[^1]]), Ct);
        List<string> said = [];

        using var next = await ProcessLedger.OpenAsync(folder, said.Add);

        await left.Exited.WaitAsync(Ct);
        Assert.False(stranger.Exited.IsCompleted);
        Assert.Contains($"left (process {left.Id})", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateDatabase_Twice_GivesMigratedDatabasesApart()
    {
        await using NpgsqlConnection one = new(await servers.CreateDatabaseAsync(Ct));
        await using NpgsqlConnection two = new(await servers.CreateDatabaseAsync(Ct));
        await one.OpenAsync(Ct);
        await two.OpenAsync(Ct);

        await using NpgsqlCommand add = new("insert into tenants values (gen_random_uuid(), 'a', now())", one);
        await add.ExecuteNonQueryAsync(Ct);

        await using NpgsqlCommand count = new("select count(*) from tenants", two);
        Assert.Equal(0L, await count.ExecuteScalarAsync(Ct));
    }

    [Fact]
    public void ManualTime_Advanced_FiresTimersInOrderAtTheirTimes()
    {
        ManualTimeProvider clock = new();
        var start = clock.GetUtcNow();
        List<(string, TimeSpan)> fired = [];
        using var late = clock.CreateTimer(
            _ => fired.Add(("late", clock.GetUtcNow() - start)),
            null,
            TimeSpan.FromSeconds(5),
            Timeout.InfiniteTimeSpan
        );
        using var ticking = clock.CreateTimer(
            _ => fired.Add(("tick", clock.GetUtcNow() - start)),
            null,
            TimeSpan.FromSeconds(2),
            TimeSpan.FromSeconds(2)
        );

        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal([("tick", TimeSpan.FromSeconds(2)), ("tick", TimeSpan.FromSeconds(4)), ("late", TimeSpan.FromSeconds(5))], fired);
        Assert.Equal(TimeSpan.FromSeconds(5), clock.GetElapsedTime(start.UtcTicks));
    }

    private static async Task ExecuteAsync(PostgresServer server, string sql)
    {
        await using NpgsqlConnection connection = new(server.ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync(Ct);
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<object?> ScalarAsync(PostgresServer server, string sql)
    {
        await using NpgsqlConnection connection = new(server.ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync(Ct);
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
