using Overnight.Benchmarks.Reporting;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Hashing;

/// <summary>
/// Jobs built from a copy of the sources that hashes nothing: the product has no switch that would leave its proof out. Leaves and roots
/// are zeros of the same length, so that everything but the hashing is as it is.
/// </summary>
internal static class UnhashedJobs
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    private static readonly string[] Projects = ["Auditor", "Core", "Jobs", "ServiceDefaults"],
        Shared = ["BannedSymbols.txt", "Container.props", "Directory.Build.props", "Directory.Packages.props", "global.json"];

    /// <summary>Texts that are in the sources exactly once, and what takes their place.</summary>
    internal static IReadOnlyList<(string File, string Text, string Instead)> Changes { get; } =
    [
        ("Jobs/Pipeline/SaltSource.cs", "RandomNumberGenerator.Fill(_bytes);", ""),
        ("Jobs/Pipeline/BatchLeaves.cs", "(ReadOnlySpan<byte> row) => _events.Write(row);", "(ReadOnlySpan<byte> row) { }"),
        ("Core/Proof/LeafHasher.cs", "bytes.CopyTo(_bytes.AsSpan(_length));", "bytes = [];"),
        ("Core/Proof/LeafHasher.cs", "SHA256.HashData(_bytes.AsSpan(0, _length), leaf);", "leaf.Clear();"),
        (
            "Core/Proof/HashTree.cs",
            "            level = Up(level);\n        return level.ToArray();",
            "            level = level[..Length];\n        return level.ToArray();"
        ),
        ("Core/Proof/RowHash.cs", "hash.AppendData(row);", ""),
    ];

    /// <param name="folder">An empty one, to copy and build in.</param>
    /// <returns>Where the program is.</returns>
    public static async Task<string> BuildAsync(string folder, CancellationToken ct)
    {
        var sources = Sources();
        foreach (var file in Projects.SelectMany(project => Files(sources, project)).Concat(Shared))
        {
            var copy = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(Path.Combine(sources, file), copy);
        }
        foreach (var (file, text, instead) in Changes)
        {
            var path = Path.Combine(folder, file);
            var parts = (await File.ReadAllTextAsync(path, ct)).Split(text);
            if (parts.Length != 2)
                throw new BenchmarkException($"{file} has {parts.Length - 1} times what is to be changed, and not once: {text}");
            await File.WriteAllTextAsync(path, string.Join(instead, parts), ct);
        }
        var (code, output) = await ExternalProgram.RunAsync(
            ExternalProgram.Dotnet,
            [
                "build",
                Path.Combine(folder, "Jobs"),
                "--configuration",
                Configuration,
                "--verbosity",
                "quiet",
                "-nodeReuse:false",
                "-p:UseSharedCompilation=false",
                "-p:RunAnalyzers=false",
                "-p:TreatWarningsAsErrors=false",
            ],
            ct,
            directory: folder
        );
        return code == 0
            ? Path.Combine(folder, "Jobs", "bin", Configuration, "net10.0")
            : throw new BenchmarkException($"jobs without its hashes could not be built (exit code {code}): {output}");
    }

    /// <summary>Paths below the folder of the sources.</summary>
    private static IEnumerable<string> Files(string sources, string project) =>
        Directory
            .EnumerateFiles(Path.Combine(sources, project), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(sources, file))
            .Where(file => file.Split(Path.DirectorySeparatorChar)[1] is not "bin" and not "obj");

    private static string Sources()
    {
        for (var above = new DirectoryInfo(AppContext.BaseDirectory); above is not null; above = above.Parent)
        {
            if (File.Exists(Path.Combine(above.FullName, "Overnight.slnx")))
                return above.FullName;
        }
        throw new BenchmarkException("hashing builds jobs from the sources, and there are none above the program.");
    }
}
