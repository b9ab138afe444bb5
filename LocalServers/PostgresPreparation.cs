using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;

namespace Overnight.LocalServers;

/// <summary>Finds PostgreSQL's programs, and initialises its data where there is none.</summary>
internal static partial class PostgresPreparation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="directory">The data directory, which is created where it does not exist.</param>
    /// <param name="password">Password of the superuser.</param>
    /// <param name="options">How the server is started.</param>
    /// <param name="logger">Log of the preparation.</param>
    /// <param name="ct">Ends the preparation.</param>
    /// <exception cref="DistributedApplicationException">The data can't be opened, or no program was found; the message says what to
    /// do.</exception>
    [UnsupportedOSPlatform("windows")]
    public static async Task<PreparedServer> RunAsync(
        string directory,
        string password,
        LocalPostgresOptions options,
        ILogger logger,
        CancellationToken ct
    )
    {
        var account = await ServerAccount.FindAsync(ct);
        var home = await account.HomeAsync(directory, ct);
        var data = Path.Combine(home, "data");
        var madeBy = Path.Combine(data, "PG_VERSION");
        int? major = File.Exists(madeBy) ? int.Parse(await File.ReadAllTextAsync(madeBy, ct)) : null;
        var unpackTo = options.BinariesDirectory ?? Path.TrimEndingDirectorySeparator(directory) + "-binaries";
        var binaries = await PostgresBinaries.FindAsync(unpackTo, account, major, options.UseInstalled, ct);

        var secret = Path.Combine(home, "password");
        if (major is null)
        {
            Log.Initialising(logger, binaries.Major, data);
            await account.WriteSecretAsync(secret, password, ct);
            await InitialiseAsync(binaries, account, home, options.IsDurable, ct);
        }
        else if (File.Exists(secret) && await File.ReadAllTextAsync(secret, ct) != password)
        {
            throw new DistributedApplicationException(
                $"The data in {data} was made with another password: set the password parameter to the content of {secret}, or delete {home} to start with an empty server."
            );
        }
        Log.Prepared(logger, binaries.Major, binaries.Folder, data);

        var postgres = Path.Combine(binaries.Folder, "postgres");
        // A server built without lz4 does not start with this setting. The option -C makes PostgreSQL check its settings and exit.
        var (hasLz4, _) = await account.RunAsync(postgres, ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D", data], home, ct);
        string[] settings = [.. Settings(options.IsDurable), .. hasLz4 == 0 ? (string[])["wal_compression=lz4"] : []];
        string[] command = [postgres, "-D", data, .. settings.SelectMany(setting => (string[])["-c", setting])];
        return new(home, account.Command(command, endsWithParent: true), "-p", PreparedServer.Interrupt);
    }

    /// <summary>Waits until an earlier server on the same data has shut down, for example after its AppHost was killed.</summary>
    /// <exception cref="DistributedApplicationException">The earlier server goes on; the message names its process.</exception>
    public static async Task WaitForPredecessorAsync(string home, CancellationToken ct)
    {
        var file = Path.Combine(home, "data", "postmaster.pid");
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(50));
        for (var waited = Stopwatch.StartNew(); Status(home) is [var line, ..] && int.TryParse(line, out var pid); )
        {
            var name = ProcessName(pid);
            if (name is null)
                return; // The process is gone, and PostgreSQL recovers by itself.
            if (name != "postgres")
            {
                // The process id belongs to another program now, which PostgreSQL would take for a running server.
                File.Delete(file);
                return;
            }
            if (waited.Elapsed > Patience)
                throw new DistributedApplicationException(
                    $"PostgreSQL already runs on {Path.GetDirectoryName(file)}, as process {pid}: stop the app that started it, or the process (kill -INT {pid})."
                );
            await pause.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>Whether the server reports that it accepts connections; an earlier attempt to connect would log a FATAL.</summary>
    public static bool IsReady(string home) => Status(home) is [_, _, _, _, _, _, _, var status, ..] && status.Trim() == "ready";

    [UnsupportedOSPlatform("windows")]
    private static async Task InitialiseAsync(
        PostgresBinaries binaries,
        ServerAccount account,
        string home,
        bool isDurable,
        CancellationToken ct
    )
    {
        // Created beside its place and then renamed, so that the data of a failed attempt is never used.
        var data = Path.Combine(home, "data.new");
        string[] arguments =
        [
            "-D",
            data,
            "-U",
            LocalPostgresServerResource.UserName,
            "--auth=scram-sha-256",
            $"--pwfile={Path.Combine(home, "password")}",
            "--encoding=UTF8",
            "--locale=C",
            .. isDurable ? [] : (string[])["--no-sync"],
        ];
        var (code, output) = (1, "");
        foreach (var characters in (string[])["C.UTF-8", "C"])
        {
            if (Directory.Exists(data))
                Directory.Delete(data, recursive: true);
            string[] all = [.. arguments, $"--lc-ctype={characters}"];
            (code, output) = await account.RunAsync(Path.Combine(binaries.Folder, "initdb"), all, home, ct);
            if (code == 0)
                break;
        }
        if (code != 0)
            throw new DistributedApplicationException($"initdb of {binaries.Folder} could not create {data} (exit code {code}): {output}");
        Directory.Move(data, Path.Combine(home, "data"));
    }

    private static List<string> Settings(bool isDurable)
    {
        var memoryMb = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        List<string> settings =
        [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "logging_collector=off",
            "log_checkpoints=off",
            $"max_connections={(isDurable ? 200 : 500)}",
            "jit=off",
            "max_wal_size=4GB",
            "checkpoint_timeout=15min",
            "checkpoint_completion_target=0.9",
            $"shared_buffers={Math.Clamp(memoryMb / 8, 64, isDurable ? 512 : 128)}MB",
        ];
        // Commits still reach the operating system, so a killed server loses nothing, but a machine that loses power may.
        if (!isDurable)
            settings.AddRange(["fsync=off", "full_page_writes=off"]);
        return settings;
    }

    /// <summary>
    /// Lines of the file that exists while the server runs: the first is its process id, the eighth its status. A killed server leaves it.
    /// </summary>
    private static string[] Status(string home)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(home, "data", "postmaster.pid"));
        }
        catch (IOException)
        {
            return []; // There is no such file while the server does not run.
        }
    }

    private static string? ProcessName(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.ProcessName;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null; // The process has ended.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(702, LogLevel.Information, "Creating PostgreSQL {Major} data in {Folder}.")]
        public static partial void Initialising(ILogger logger, int major, string folder);

        [LoggerMessage(703, LogLevel.Information, "PostgreSQL {Major} from {Programs} will run on the data in {Folder}.")]
        public static partial void Prepared(ILogger logger, int major, string programs, string folder);
    }
}
