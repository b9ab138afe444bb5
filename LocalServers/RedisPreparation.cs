using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Overnight.LocalServers;

/// <summary>Finds a program that speaks Redis's protocol, and writes its configuration, which holds the password.</summary>
[UnsupportedOSPlatform("windows")]
internal static partial class RedisPreparation
{
    /// <param name="directory">Where the configuration is, or will be.</param>
    /// <exception cref="MissingServerException">There is no such program; the message says what was looked for, where, and how to get it.</exception>
    public static async Task<PreparedServer> RunAsync(
        string directory,
        string password,
        LocalRedisOptions options,
        ILogger logger,
        CancellationToken ct
    )
    {
        var account = await ServerAccount.FindAsync(ct);
        var home = await account.HomeAsync(directory, ct);
        var program = options.Program is LocalRedisProgram.Any or LocalRedisProgram.Redis ? Tool.Find("redis-server") : null;
        program ??= options.Program is LocalRedisProgram.Any or LocalRedisProgram.Valkey ? Tool.Find("valkey-server") : null;
        if (program is null && options.Program is LocalRedisProgram.Redis or LocalRedisProgram.Valkey)
        {
            var wanted = $"{options.Program.ToString().ToLowerInvariant()}-server";
            throw new MissingServerException(
                $"{wanted} was looked for in PATH and is not there: install it (Debian: apt install {wanted}), or let any program do."
            );
        }

        string[] command;
        if (program is not null)
        {
            var configuration = Path.Combine(home, "redis.conf");
            await account.WriteSecretAsync(configuration, RedisSettings(home, password, options), ct);
            command = [program, configuration];
        }
        else
        {
            var configuration = Path.Combine(home, "garnet.json");
            await account.WriteSecretAsync(configuration, GarnetSettings(password, options), ct);
            program = await GarnetTool.FindAsync(account, home, options.ToolDirectory ?? Environment.CurrentDirectory, ct);
            command = [Tool.Dotnet, program, "--config-import-path", configuration];
        }
        Log.Prepared(logger, program);
        return new(home, account.Command(command), "--port", PreparedServer.Replace);
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
        [LoggerMessage(712, LogLevel.Information, "The cache is {Program}.")]
        public static partial void Prepared(ILogger logger, string program);
    }
}
