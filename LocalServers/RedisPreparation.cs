using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Overnight.LocalServers;

/// <summary>Finds a program that speaks Redis's protocol, and writes its configuration, which contains the password.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class RedisPreparation
{
    private const string RedisServer = "redis-server",
        ValkeyServer = "valkey-server";

    /// <param name="directory">The folder of the configuration, which is created where it does not exist.</param>
    /// <param name="password">The password that the server requires.</param>
    /// <param name="options">How the server is started.</param>
    /// <param name="logger">Log of the preparation.</param>
    /// <param name="ct">Ends the preparation.</param>
    /// <exception cref="MissingServerException">No such program was found; the message says where it was searched, and how to get
    /// it.</exception>
    public static async Task<(PreparedServer Server, LocalRedisProgram Program)> RunAsync(
        string directory,
        string password,
        LocalRedisOptions options,
        ILogger logger,
        CancellationToken ct
    )
    {
        var account = await ServerAccount.FindAsync(ct);
        var home = await account.HomeAsync(directory, ct);
        var kind =
            options.Program != LocalRedisProgram.Any ? options.Program
            : ExternalProgram.Find(RedisServer) is not null ? LocalRedisProgram.Redis
            : ExternalProgram.Find(ValkeyServer) is not null ? LocalRedisProgram.Valkey
            : LocalRedisProgram.Garnet;
        string[] command;
        if (kind == LocalRedisProgram.Garnet)
        {
            var program = await GarnetServerTool.FindAsync(account, home, options.ToolDirectory ?? Environment.CurrentDirectory, ct);
            var configuration = Path.Combine(home, "garnet.json");
            await account.WriteSecretAsync(configuration, GarnetSettings(password, options), ct);
            command = [ExternalProgram.Dotnet, program, "--config-import-path", configuration];
        }
        else
        {
            var name = kind == LocalRedisProgram.Redis ? RedisServer : ValkeyServer;
            var program = ExternalProgram.Find(name)
                ?? throw new MissingServerException(
                    $"{name} was not found in PATH. Install it (Debian: apt install {name}), or choose LocalRedisProgram.Any."
                );
            var configuration = Path.Combine(home, "redis.conf");
            await account.WriteSecretAsync(configuration, RedisSettings(home, password, options), ct);
            command = [program, configuration];
        }
        Log.Prepared(logger, string.Join(' ', command));
        return (new(home, account.Command(command), "--port", PreparedServer.Replace), kind);
    }

    private static string RedisSettings(string home, string password, LocalRedisOptions options) =>
        $"""
            bind 127.0.0.1
            dir "{home}"
            requirepass "{password}"
            loglevel warning
            save ""
            appendonly no
            maxmemory {options.MaxMemory ?? "0"}
            maxmemory-policy {options.EvictionPolicy}
            {string.Join('\n', options.Settings)}

            """;

    private static string GarnetSettings(string password, LocalRedisOptions options) =>
        JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["Address"] = IPAddress.Loopback.ToString(),
                ["AuthenticationMode"] = "Password",
                ["Password"] = password,
                ["QuietMode"] = true,
                ["LogMemorySize"] = options.MaxMemory ?? $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 21}m",
            }
        );

    private static partial class Log
    {
        [LoggerMessage(712, LogLevel.Information, "The cache server will run as: {Command}")]
        public static partial void Prepared(ILogger logger, string command);
    }
}
