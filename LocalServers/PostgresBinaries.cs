using System.Runtime.Versioning;
using System.Text.RegularExpressions;

namespace Overnight.LocalServers;

/// <summary>A folder with PostgreSQL's <c>initdb</c> and <c>postgres</c>.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed partial record PostgresBinaries(string Folder, int Major)
{
    private const int OldestMajor = 14;

    /// <summary>Searches PATH, then the folders of packages, newest version first, and then npm.</summary>
    /// <param name="unpackTo">The folder into which the npm package is unpacked.</param>
    /// <param name="account">The account that the server runs under.</param>
    /// <param name="major">Major version that made the data; null when there is no data yet.</param>
    /// <param name="installed">Whether an installed PostgreSQL may be used.</param>
    /// <param name="ct">Ends the search.</param>
    /// <exception cref="MissingServerException">No PostgreSQL was found; the message says where it was searched, and how to get it.
    /// </exception>
    public static async Task<PostgresBinaries> FindAsync(
        string unpackTo,
        ServerAccount account,
        int? major,
        bool installed,
        CancellationToken ct
    )
    {
        List<int> seen = [];
        foreach (var folder in installed ? await InstalledFoldersAsync(ct) : [])
        {
            var (_, version) = await ExternalProgram.RunAsync(Path.Combine(folder, "postgres"), ["--version"], ct);
            if (!int.TryParse(Digits().Match(version).Value, out var found))
                continue;
            seen.Add(found);
            if (found >= OldestMajor && (major is null || major == found))
                return new(folder, found);
        }
        var fetched = "npm is not installed";
        if (major is null or PostgresPackage.Major)
        {
            (var folder, fetched) = await PostgresPackage.FindAsync(unpackTo, account, ct);
            if (folder is not null)
                return new(folder, PostgresPackage.Major);
        }
        throw Missing(major, seen, fetched);
    }

    internal static MissingServerException Missing(int? major, IReadOnlyCollection<int> seen, string npm)
    {
        var found = seen.Count == 0 ? "none" : string.Join(", ", seen.Distinct());
        return new(
            major is not null
                ? $"The data was made by PostgreSQL {major}, which is needed to open it, but the installed versions are: {found}. Install PostgreSQL {major}, or move the data with pg_dump, or delete its folder to start with an empty server."
                : $"PostgreSQL {OldestMajor} or later was not found in PATH, with pg_config, and in the folders of Debian's, Red Hat's and Homebrew's packages (found: {found}), nor could it be fetched from npm ({npm}). Install PostgreSQL (Debian: apt install postgresql, macOS: brew install postgresql@17) or npm, or configure a connection string of a running server."
        );
    }

    private static async Task<IEnumerable<string>> InstalledFoldersAsync(CancellationToken ct)
    {
        List<string> folders = [];
        if (ExternalProgram.Find("postgres") is { } onPath)
            folders.Add(Path.GetDirectoryName(onPath)!);
        if (ExternalProgram.Find("pg_config") is { } config)
            folders.Add((await ExternalProgram.RunAsync(config, ["--bindir"], ct)).Output);
        folders.AddRange(Newest("/usr/lib/postgresql", "*"));
        folders.AddRange(Newest("/usr", "pgsql-*"));
        foreach (var brew in (string[])["/opt/homebrew/opt", "/usr/local/opt", "/home/linuxbrew/.linuxbrew/opt"])
            folders.AddRange(Newest(brew, "postgresql*"));
        folders.AddRange(Newest("/Applications/Postgres.app/Contents/Versions", "*"));
        return folders
            .Where(folder =>
                ExternalProgram.IsProgram(Path.Combine(folder, "initdb")) && ExternalProgram.IsProgram(Path.Combine(folder, "postgres"))
            )
            .Distinct();

        static IEnumerable<string> Newest(string parent, string pattern) =>
            !Directory.Exists(parent)
                ? []
                : Directory
                    .EnumerateDirectories(parent, pattern)
                    .OrderByDescending(d => int.TryParse(Digits().Match(Path.GetFileName(d)).Value, out var n) ? n : 0)
                    .Select(d => Path.Combine(d, "bin"));
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
