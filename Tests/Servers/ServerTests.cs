using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;
using Overnight.Tests.Harness;
using StackExchange.Redis;

namespace Overnight.Tests.Servers;

/// <summary>Servers as LocalServers prepares and starts them, held by hand.</summary>
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
        await AssertIsNotRootAndHidesAsync(server, new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")).Password!);
    }

    [Fact]
    public async Task Postgres_Prepared_KeepsTheLayoutOfEarlierBuilds()
    {
        var folder = await servers.CreateFolderAsync();
        var server = await servers.StartPostgresAsync(Ct, folder);
        await server.StopAsync();

        var home = Environment.IsPrivilegedProcess ? await File.ReadAllTextAsync(Path.Combine(folder, "moved-to"), Ct) : folder;
        Assert.Equal(server.Home, home);
        Assert.True(File.Exists(Path.Combine(home, "data", "PG_VERSION")));
        var password = Path.Combine(home, "password");
        Assert.Equal(
            new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")).Password,
            await File.ReadAllTextAsync(password, Ct)
        );
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(password));
    }

    [Fact]
    public async Task Postgres_OtherPasswordThanItsData_SaysWhatToDo()
    {
        var folder = await servers.CreateFolderAsync();
        var server = await servers.StartPostgresAsync(Ct, folder);
        await server.StopAsync();

        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() => PrepareAsync(folder, "another"));

        Assert.Contains("made with another password", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(server.Home, "password"), refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("another\"", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Postgres_DataOfAnotherMajor_IsRefusedAndLeftAlone()
    {
        var folder = await servers.CreateFolderAsync();
        var server = await servers.StartPostgresAsync(Ct, folder);
        await server.StopAsync();
        var version = Path.Combine(server.Home, "data", "PG_VERSION");
        await File.WriteAllTextAsync(version, "99\n", Ct);

        var refused = await Assert.ThrowsAsync<MissingServerException>(() => PrepareAsync(folder, "any"));

        Assert.Contains("made by PostgreSQL 99", refused.Message, StringComparison.Ordinal);
        Assert.Contains("pg_dump", refused.Message, StringComparison.Ordinal);
        Assert.Equal("99\n", await File.ReadAllTextAsync(version, Ct));
    }

    [Fact]
    public async Task Postgres_DataOfAnOrdinaryUser_IsRefusedAsRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("Only root has its servers' data elsewhere.");
        var folder = await servers.CreateFolderAsync();
        Directory.CreateDirectory(Path.Combine(folder, "data"));

        var refused = await Assert.ThrowsAsync<DistributedApplicationException>(() => PrepareAsync(folder, "any"));

        Assert.Contains($"{folder} holds the data of an ordinary user's server", refused.Message, StringComparison.Ordinal);
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
    public async Task Postgres_PredecessorStillRuns_IsWaitedFor()
    {
        var server = await servers.StartPostgresAsync(Ct);

        var waiting = PostgresPreparation.WaitForPredecessorAsync(server.Home, Ct);
        Assert.Equal(1, await ScalarAsync(server, "select 1"));
        Assert.False(waiting.IsCompleted);
        await server.StopAsync();

        await waiting;
    }

    [Fact]
    public async Task Postgres_ProcessIdWentToAnotherProgram_IsNotWaitedFor()
    {
        var home = await servers.CreateFolderAsync();
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(home, "data")).FullName, "postmaster.pid");
        await File.WriteAllTextAsync(file, $"{Environment.ProcessId}\n", Ct);

        await PostgresPreparation.WaitForPredecessorAsync(home, Ct);

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Postgres_NotInstalled_RunsFromTheNpmPackage()
    {
        if (ExternalProgram.Find("npm") is null)
            Assert.Skip("npm is not installed.");
        var server = await servers.StartPostgresAsync(Ct, installed: false);

        Assert.Equal("18", ((string)(await ScalarAsync(server, "show server_version"))!)[..2]);
    }

    [Fact]
    public async Task Program_LinkToNothingOrWithoutTheRightToExecute_IsNone()
    {
        var folder = await servers.CreateFolderAsync();
        var (file, link) = (Path.Combine(folder, "file"), Path.Combine(folder, "link"));
        File.CreateSymbolicLink(link, file);

        Assert.False(ExternalProgram.IsProgram(link));
        await File.WriteAllTextAsync(file, "#!/bin/sh", Ct);
        Assert.False(ExternalProgram.IsProgram(link));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.True(ExternalProgram.IsProgram(link));
    }

    [Fact]
    public async Task Package_WithAnotherHash_IsNotUnpacked()
    {
        var folder = await servers.CreateFolderAsync();
        var (archive, target) = (Path.Combine(folder, "package.tgz"), Path.Combine(folder, "unpacked"));
        await File.WriteAllTextAsync(archive, "not what it should be", Ct);

        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => PostgresPackage.UnpackAsync(archive, "expected", target, Ct));

        Assert.Contains("package.tgz", refused.Message, StringComparison.Ordinal);
        Assert.Contains("expected", refused.Message, StringComparison.Ordinal);
        Assert.Equal([archive], Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task Package_ThatAnotherAppUnpackedMeanwhile_IsTakenAsItIs()
    {
        var folder = await servers.CreateFolderAsync();
        var (archive, target) = (Path.Combine(folder, "package.tgz"), Path.Combine(folder, "unpacked"));
        var native = Directory.CreateDirectory(Path.Combine(folder, "content", "package", "native", "bin")).Parent!.FullName;
        await File.WriteAllTextAsync(Path.Combine(native, "pg-symlinks.json"), "[]", Ct);
        await using (var file = File.Create(archive))
        await using (GZipStream packed = new(file, CompressionLevel.Fastest))
            await TarFile.CreateFromDirectoryAsync(Path.Combine(folder, "content"), packed, includeBaseDirectory: false, Ct);
        var hash = Convert.ToBase64String(SHA512.HashData(await File.ReadAllBytesAsync(archive, Ct)));
        var binaries = Directory.CreateDirectory(Path.Combine(target, "package", "native", "bin")).FullName;
        await File.WriteAllTextAsync(Path.Combine(binaries, "postgres"), "the other's", Ct);

        await PostgresPackage.UnpackAsync(archive, hash, target, Ct);

        Assert.Equal("the other's", await File.ReadAllTextAsync(Path.Combine(binaries, "postgres"), Ct));
        Assert.Equal(["content", "package.tgz", "unpacked"], Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Postgres_NeitherInstalledNorFetchable_SaysWhatWasLookedForAndHowToGetIt()
    {
        var missing = PostgresBinaries.Missing(null, [9, 13], "npm is not installed").Message;

        foreach (
            var part in (string[])["PostgreSQL 14 or later", "PATH", "9, 13", "npm is not installed", "apt install", "connection string"]
        )
            Assert.Contains(part, missing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LocalRedisProgram.Redis)]
    [InlineData(LocalRedisProgram.Valkey)]
    [InlineData(LocalRedisProgram.Garnet)]
    public async Task Cache_Started_AsksForThePasswordKeepsNothingAndStopsAtOnce(LocalRedisProgram program)
    {
        if (program == LocalRedisProgram.Valkey && ExternalProgram.Find("valkey-server") is null)
            Assert.Skip("valkey-server is not installed.");
        var server = await servers.StartCacheAsync(Ct, program: program);
        Assert.Equal(program, server.Kind);
        using (var redis = await ConnectionMultiplexer.ConnectAsync(server.ConnectionString))
        {
            Assert.True(await redis.GetDatabase().StringSetAsync("key", "value", TimeSpan.FromMinutes(1)));
            Assert.Equal("value", (string?)await redis.GetDatabase().StringGetAsync("key"));
        }
        await Assert.ThrowsAsync<RedisConnectionException>(() =>
            ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port},connectRetry=1,connectTimeout=1000")
        );
        await AssertIsNotRootAndHidesAsync(server, server.ConnectionString.Split("password=")[1]);

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

    private static Task<PreparedServer> PrepareAsync(string folder, string password) =>
        PostgresPreparation.RunAsync(folder, password, new(), NullLogger.Instance, Ct);

    private static async Task AssertIsNotRootAndHidesAsync(ServerProcess server, string password)
    {
        if (!OperatingSystem.IsLinux())
            return;
        var process = $"/proc/{server.ProcessId}";
        Assert.DoesNotContain(File.ReadLines($"{process}/status"), line => line.StartsWith("Uid:\t0", StringComparison.Ordinal));
        Assert.DoesNotContain(password, await File.ReadAllTextAsync($"{process}/cmdline", Ct));
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
