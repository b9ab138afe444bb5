using System.Globalization;
using System.Runtime.Versioning;

namespace Overnight.LocalServers;

/// <summary>What a folder of servers' files under /var/tmp is for.</summary>
internal enum ServerHomeState
{
    /// <summary>A process runs in it.</summary>
    InUse,

    /// <summary>The data directory that it was made for points to it.</summary>
    Kept,

    /// <summary>The data directory that it was made for is gone, or points to another one.</summary>
    LeftBehind,

    /// <summary>It does not say what it was made for, as those of earlier builds.</summary>
    Unknown,
}

/// <param name="MadeFor">The data directory; null where it is not known.</param>
internal sealed record ServerHome(string Path, string? MadeFor, ServerHomeState State);

/// <summary>
/// The folders under /var/tmp in which servers of root have their files. They outlive the data directory that points to them, so that
/// whoever deletes that has them listed and removed here.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static class ServerHomes
{
    public const string Folder = "/var/tmp",
        Prefix = "local-server-";

    /// <summary>The file in such a folder that names its data directory.</summary>
    public const string MadeFor = "made-for";

    /// <summary>Those of the account that servers run under; other accounts' are not looked at.</summary>
    public static async Task<IReadOnlyList<ServerHome>> FindAsync(string folder, CancellationToken ct)
    {
        var account = await ServerAccount.FindAsync(ct);
        if (account.Name is not { } owner)
            return [];
        // Real folders alone: /var/tmp is everyone's, and a link would lead anywhere.
        var (code, output) = await Tool.RunAsync(
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

    /// <summary>Removes one that was left behind.</summary>
    /// <returns>False when it is not, or not any more.</returns>
    public static bool Remove(string home)
    {
        // Looked at again, for a server may have been started since it was listed.
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

    /// <summary>Where processes work, which of our servers is their home or below it.</summary>
    /// <returns>Null where the system does not tell: then any may be in use.</returns>
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
                // It has ended meanwhile.
            }
        }
        return folders;
    }
}
