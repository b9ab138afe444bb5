using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Overnight.LocalServers;

internal enum CacheKind
{
    /// <summary><see cref="Redis"/> where it is installed, else <see cref="Garnet"/>.</summary>
    Any,
    Redis,
    Garnet,
}

/// <summary>A cache server of our own, on 127.0.0.1, with a password and nothing on disk.</summary>
internal sealed partial class CacheServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private readonly ChildProcess process;
    private readonly string password;

    private CacheServer(ChildProcess process, CacheKind kind, string home, int port, string password) =>
        (this.process, Kind, Home, Port, this.password) = (process, kind, home, port, password);

    public int ProcessId => process.Id;

    /// <summary>Ends with the exit code when the server has ended, for whatever reason.</summary>
    public Task<int> Exited => process.Exited;

    public IReadOnlyList<string> LastLines => process.Tail;

    public CacheKind Kind { get; }
    public int Port { get; }
    public string Home { get; }
    public string ConnectionString => $"{IPAddress.Loopback}:{Port},password={password}";

    /// <param name="directory">Where its password is, or will be.</param>
    /// <param name="password">Null for a generated one, kept in the folder.</param>
    /// <param name="port">0 for any that is free.</param>
    /// <param name="maxMemory">Redis's notation, for example 64mb; null for no limit with Redis, half of the machine's memory with Garnet.</param>
    /// <param name="evictionPolicy">Redis's <c>maxmemory-policy</c>; Garnet has one way only.</param>
    /// <param name="repository">The folder whose tool manifest names garnet-server.</param>
    /// <exception cref="MissingServerException">There is no cache server of that kind to start.</exception>
    public static async Task<CacheServer> StartAsync(
        string directory,
        ILogger logger,
        CancellationToken ct,
        string? password = null,
        int port = 0,
        CacheKind kind = CacheKind.Any,
        string? maxMemory = null,
        string evictionPolicy = "noeviction",
        string? repository = null,
        ProcessLedger? ledger = null
    )
    {
        var account = await ServerAccount.FindAsync(ct);
        var home = await ServerAccount.HomeAsync(account, directory, ct);
        var secret = Path.Combine(home, "password");
        password ??= File.Exists(secret)
            ? await File.ReadAllTextAsync(secret, ct)
            : RandomNumberGenerator.GetHexString(32, lowercase: true);
        await ServerAccount.WriteSecretAsync(account, secret, password, ct);
        if (port == 0)
            port = PostgresServer.FreePort();

        var redis = kind == CacheKind.Garnet ? null : ChildProcess.FindProgram("redis-server");
        if (redis is null && kind == CacheKind.Redis)
            throw new MissingServerException(
                "redis-server is not installed: install it (Debian: apt install redis-server, macOS: brew install redis), or let garnet-server do."
            );
        var configuration = Path.Combine(home, redis is null ? "garnet.json" : "redis.conf");
        await ServerAccount.WriteSecretAsync(
            account,
            configuration,
            redis is null
                ? GarnetSettings(port, password, maxMemory)
                : $"""
                bind 127.0.0.1
                port {port}
                requirepass "{password.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}"
                loglevel warning
                save ""
                appendonly no
                maxmemory {maxMemory ?? "0"}
                maxmemory-policy {evictionPolicy}

                """,
            ct
        );
        var garnet = redis is null ? await GarnetFileAsync(account, home, repository ?? Environment.CurrentDirectory, ct) : "";

        ChildProcess child = new(
            redis ?? ChildProcess.Dotnet,
            redis is null ? [garnet, "--config-import-path", configuration] : [configuration],
            line => Log.Line(logger, line),
            account,
            home,
            new Dictionary<string, string?> { ["HOME"] = home },
            ledger
        );
        CacheServer server = new(child, redis is null ? CacheKind.Garnet : CacheKind.Redis, home, port, password);
        try
        {
            await server.ReadyAsync(ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public Task StopAsync() => process.StopAsync(StopLimit);

    /// <summary>SIGKILL, as a power cut would.</summary>
    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await process.DisposeAsync();
    }

    private async Task ReadyAsync(CancellationToken ct)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(10, ct))
        {
            var reply = await PingAsync(ct);
            if (reply.StartsWith("+OK\r\n+PONG", StringComparison.Ordinal))
                return;
            if (process.Exited.IsCompleted || waited.Elapsed > StartLimit || reply.StartsWith('-'))
                throw new InvalidOperationException(
                    $"The cache did not start on port {Port}: {reply}{string.Join(Environment.NewLine, process.Tail)}"
                );
        }
    }

    /// <returns>What the server says to the password and a PING; empty while nobody listens.</returns>
    private async Task<string> PingAsync(CancellationToken ct)
    {
        try
        {
            using TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, Port, ct);
            var stream = client.GetStream();
            await stream.WriteAsync(
                Encoding.UTF8.GetBytes(
                    $"*2\r\n$4\r\nAUTH\r\n${Encoding.UTF8.GetByteCount(password)}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n"
                ),
                ct
            );
            var reply = "";
            var buffer = new byte[256];
            while (reply.Count(c => c == '\n') < 2 && await stream.ReadAsync(buffer, ct) is > 0 and var read)
                reply += Encoding.UTF8.GetString(buffer, 0, read);
            return reply;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return ""; // Not listening yet; the caller has the deadline.
        }
    }

    private static string GarnetSettings(int port, string password, string? maxMemory) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["Address"] = IPAddress.Loopback.ToString(),
                ["Port"] = port,
                ["AuthenticationMode"] = "Password",
                ["Password"] = password,
                ["QuietMode"] = true,
                ["LogMemorySize"] = maxMemory ?? $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 21}m",
            }
        );

    /// <summary>The tool's program, restored by its manifest, where the server's account can read it.</summary>
    private static async Task<string> GarnetFileAsync(ServerAccount? account, string home, string repository, CancellationToken ct)
    {
        const string program = "GarnetServer.dll";
        var (code, output) = await ChildProcess.RunAsync(ChildProcess.Dotnet, ["tool", "restore"], ct, directory: repository);
        if (code != 0)
            throw new MissingServerException(
                $"Neither redis-server nor garnet-server is to be had ({output.Trim()}): install Redis (Debian: apt install redis-server, macOS: brew install redis), or set ConnectionStrings__cache to a server that runs already."
            );

        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(repository, ".config", "dotnet-tools.json"), ct));
        var version = manifest.RootElement.GetProperty("tools").GetProperty("garnet-server").GetProperty("version").GetString()!;
        var (_, packages) = await ChildProcess.RunAsync(
            ChildProcess.Dotnet,
            ["nuget", "locals", "global-packages", "--list", "--force-english-output"],
            ct,
            directory: repository
        );
        var tool = Path.Combine(
            packages[(packages.IndexOf("global-packages:", StringComparison.Ordinal) + 16)..].Trim(),
            "garnet-server",
            version,
            "tools"
        );
        var restored = Directory.EnumerateFiles(tool, program, SearchOption.AllDirectories).First();
        if (account is null)
            return restored;

        // Our packages are closed to the server's account: it gets a copy, without what other platforms need.
        var copy = Path.Combine(home, $"garnet-{version}");
        var folder = Path.GetDirectoryName(restored)!;
        var platform = RuntimeInformation.RuntimeIdentifier;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, file);
            var target = Path.Combine(copy, name);
            if (
                File.Exists(target)
                || (Path.GetDirectoryName(name) is { Length: > 0 } inside && !inside.Split(Path.DirectorySeparatorChar).Contains(platform))
            )
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return Path.Combine(copy, program);
    }

    private static partial class Log
    {
        [LoggerMessage(711, LogLevel.Information, "{Line}")]
        public static partial void Line(ILogger logger, string line);
    }
}
