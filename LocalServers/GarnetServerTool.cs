using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text.Json;

namespace Overnight.LocalServers;

/// <summary>The .NET tool garnet-server, in the version that the tool manifest names.</summary>
[UnsupportedOSPlatform("windows")]
internal static class GarnetServerTool
{
    private const string Program = "GarnetServer.dll";

    /// <returns>The tool's program, restored, where the account can read it.</returns>
    /// <exception cref="MissingServerException">The tool manifest does not name the tool, or it can't be restored.</exception>
    public static async Task<string> FindAsync(ServerAccount account, string home, string directory, CancellationToken ct)
    {
        var missing =
            "No Redis server was found: neither redis-server nor valkey-server in PATH, nor garnet-server in .config/dotnet-tools.json";
        if (Version(directory) is not { } version)
            throw Missing($"of {directory} or a folder above it");
        var (code, output) = await ExternalProgram.RunAsync(ExternalProgram.Dotnet, ["tool", "restore"], ct, directory);
        if (code != 0)
            throw Missing($"(dotnet tool restore in {directory} failed: {output})");

        var (_, packages) = await ExternalProgram.RunAsync(
            ExternalProgram.Dotnet,
            ["nuget", "locals", "global-packages", "--list", "--force-english-output"],
            ct,
            directory
        );
        var folder = packages[(packages.IndexOf("global-packages:", StringComparison.Ordinal) + 16)..].Trim();
        var tools = Path.Combine(folder, "garnet-server", version, "tools");
        var program = Directory.EnumerateFiles(tools, Program, SearchOption.AllDirectories).First();
        return account.IsOurs ? program : Copy(Path.GetDirectoryName(program)!, Path.Combine(home, $"garnet-{version}"));

        MissingServerException Missing(string reason) =>
            new(
                $"{missing} {reason}. Install Redis (Debian: apt install redis-server, macOS: brew install redis) or the tool (dotnet tool install garnet-server), or configure a connection string of a running server."
            );
    }

    private static string? Version(string directory)
    {
        for (var folder = new DirectoryInfo(directory); folder is not null; folder = folder.Parent)
        {
            var manifest = Path.Combine(folder.FullName, ".config", "dotnet-tools.json");
            if (!File.Exists(manifest))
                continue;
            using var parsed = JsonDocument.Parse(File.ReadAllText(manifest));
            if (parsed.RootElement.GetProperty("tools").TryGetProperty("garnet-server", out var tool))
                return tool.GetProperty("version").GetString();
        }
        return null;
    }

    /// <summary>
    /// Copies the tool for the server's account, which can't read our package folder, without the files of other platforms.
    /// </summary>
    private static string Copy(string folder, string copy)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(folder, file);
            var target = Path.Combine(copy, name);
            var inside = Path.GetDirectoryName(name)!.Split(Path.DirectorySeparatorChar);
            if (File.Exists(target) || (inside is not [""] && !inside.Contains(RuntimeInformation.RuntimeIdentifier)))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        return Path.Combine(copy, Program);
    }
}
