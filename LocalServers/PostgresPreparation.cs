using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.Versioning;
using Microsoft.Extensions.Logging;

namespace Overnight.LocalServers;

/// <summary>Finds PostgreSQL's programs, and makes its data unless they are there.</summary>
internal static partial class PostgresPreparation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="directory">Where the data is, or will be.</param>
    /// <param name="password">Of its superuser.</param>
    /// <exception cref="DistributedApplicationException">The data can't be opened, or there is no program; the message says what to
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
                $"The data in {data} was made with another password: set the password parameter to what is in {secret}, or delete {home} to start anew."
            );
        }
        Log.Prepared(logger, binaries.Major, binaries.Folder, data);

        var postgres = Path.Combine(binaries.Folder, "postgres");
        // A server built without lz4 does not start with it; asked for a value, it only checks its settings.
        var (hasLz4, _) = await account.RunAsync(postgres, ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D", data], home, ct);
        string[] settings = [.. Settings(options.IsDurable), .. hasLz4 == 0 ? (string[])["wal_compression=lz4"] : []];
        string[] command = [postgres, "-D", data, .. settings.SelectMany(setting => (string[])["-c", setting])];
        return new(home, account.Command(command, endsWithParent: true), "-p", PreparedServer.Interrupt);
    }

    /// <summary>Waits for a server that still shuts down on the same data, as after its AppHost was killed.</summary>
    /// <exception cref="DistributedApplicationException">It stays; the message names its process.</exception>
    public static async Task WaitForPredecessorAsync(string home, CancellationToken ct)
    {
        var file = Path.Combine(home, "data", "postmaster.pid");
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(50));
        for (var waited = Stopwatch.StartNew(); Status(home) is [var line, ..] && int.TryParse(line, out var pid); )
        {
            var name = ProcessName(pid);
            if (name is null)
                return; // PostgreSQL sees for itself that it was killed.
            if (name != "postgres")
            {
                // The id went to another program since, and PostgreSQL would take that for a server.
                File.Delete(file);
                return;
            }
            if (waited.Elapsed > Patience)
                throw new DistributedApplicationException(
                    $"PostgreSQL runs already on {Path.GetDirectoryName(file)}, as process {pid}: stop what started it, or the process (kill -INT {pid})."
                );
            await pause.WaitForNextTickAsync(ct);
        }
    }

    /// <summary>True from when the server says that it takes connections. Asking it before would put a FATAL into its log.</summary>
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
        // Made beside its place and then renamed, so that a broken attempt is not taken for data.
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
            throw new DistributedApplicationException($"initdb of {binaries.Folder} could not make {data} (exit code {code}): {output}");
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
        // Commits still reach the operating system, so that a killed server loses nothing; a machine that loses power may.
        if (!isDurable)
            settings.AddRange(["fsync=off", "full_page_writes=off"]);
        return settings;
    }

    /// <summary>
    /// The file the server keeps while it runs: its process comes first, and the eighth line is its status. A killed one leaves it.
    /// </summary>
    private static string[] Status(string home)
    {
        try
        {
            return File.ReadAllLines(Path.Combine(home, "data", "postmaster.pid"));
        }
        catch (IOException)
        {
            return []; // It does not run.
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
            return null; // It ended.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(702, LogLevel.Information, "Making a PostgreSQL {Major} database in {Folder}.")]
        public static partial void Initialising(ILogger logger, int major, string folder);

        [LoggerMessage(703, LogLevel.Information, "PostgreSQL {Major} of {Programs} opens {Folder}.")]
        public static partial void Prepared(ILogger logger, int major, string programs, string folder);
    }
}
