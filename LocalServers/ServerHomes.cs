using System.Globalization;
using System.Runtime.Versioning;

namespace Overnight.LocalServers;

/// <summary>Whether a server's home is still needed.</summary>
internal enum ServerHomeState
{
    /// <summary>A process has its working directory in the home.</summary>
    InUse,

    /// <summary>The data directory that the home was created for points to it.</summary>
    Kept,

    /// <summary>The data directory that the home was created for is gone, or points to another home.</summary>
    LeftBehind,

    /// <summary>The home does not name its data directory; homes of earlier builds do not.</summary>
    Unknown,
}

/// <param name="MadeFor">The data directory that the home was created for; null where the home does not name it.</param>
internal sealed record ServerHome(string Path, string? MadeFor, ServerHomeState State);

/// <summary>
/// The homes of servers: the folders under /var/tmp with the files of servers that root started. A home stays when the data directory that
/// points to it is deleted, so this class lists homes and removes those that are not needed any more.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class ServerHomes
{
    public const string Folder = "/var/tmp",
        Prefix = "local-server-";

    /// <summary>The name of the file in a home that contains the path of its data directory.</summary>
    public const string MadeFor = "made-for";

    /// <summary>Finds the homes that belong to the account that servers run under.</summary>
    public static async Task<IReadOnlyList<ServerHome>> FindAsync(string folder, CancellationToken ct)
    {
        var account = await ServerAccount.FindAsync(ct);
        if (account.Name is not { } owner)
            return [];
        // "-type d" leaves out links, because any account can create one in /var/tmp, and a removal could follow it.
        var (code, output) = await ExternalProgram.RunAsync(
            "find",
            [folder, "-maxdepth", "1", "-type", "d", "-name", $"{Prefix}*", "-user", owner],
            ct
        );
        if (code != 0)
            throw new IOException($"{folder} can't be searched: {output}");
        var used = FoldersOfProcesses();
        return
        [
            .. output
                .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Order(StringComparer.Ordinal)
                .Select(home => Describe(home, used)),
        ];
    }

    /// <summary>Removes a home that was left behind.</summary>
    /// <returns>False when the home is still needed; it is not removed then.</returns>
    public static bool Remove(string home)
    {
        // The state is read again, because a server may have started since the home was listed.
        if (Describe(home, FoldersOfProcesses()).State != ServerHomeState.LeftBehind)
            return false;
        Directory.Delete(home, recursive: true);
        return true;
    }

    private static ServerHome Describe(string home, IReadOnlyCollection<string>? used)
    {
        var note = Path.Combine(home, MadeFor);
        var directory = File.Exists(note) ? File.ReadAllText(note).Trim() : null;
        var pointer = directory is null ? "" : Path.Combine(directory, ServerAccount.Pointer);
        var state =
            used is null || used.Any(folder => folder == home || folder.StartsWith(home + "/", StringComparison.Ordinal))
                ? ServerHomeState.InUse
            : directory is null ? ServerHomeState.Unknown
            : File.Exists(pointer) && File.ReadAllText(pointer) == home ? ServerHomeState.Kept
            : ServerHomeState.LeftBehind;
        return new(home, directory, state);
    }

    /// <summary>The working directories of all processes. That of a server is its home, or a folder in it.</summary>
    /// <returns>Null on a system without /proc, where every home counts as in use.</returns>
    private static HashSet<string>? FoldersOfProcesses()
    {
        if (!Directory.Exists("/proc/self"))
            return null;
        HashSet<string> folders = [];
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out _))
                continue;
            try
            {
                if (new FileInfo(Path.Combine(process, "cwd")).LinkTarget is { } folder)
                    folders.Add(folder);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // The process has ended since it was listed, or its working directory may not be read.
            }
        }
        return folders;
    }
}
