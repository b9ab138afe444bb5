using System.Globalization;
using System.Text.Json;
using Npgsql;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Pipeline;

/// <summary>The rival: a pipeline of one user at a time, a Node program in a folder given, run on the same servers.</summary>
internal sealed class RivalPipeline
{
    /// <summary>Of its own on the same server; the program drops and makes a schema in it.</summary>
    private const string Database = "baseline";

    private const string Program = "baseline.mjs";
    private readonly string folder;

    private RivalPipeline(string folder) => this.folder = folder;

    /// <summary>Copies the folder, which stays as it is, and installs what it needs.</summary>
    public static async Task<RivalPipeline> PrepareAsync(string source, Workbench bench, CancellationToken ct)
    {
        if (!File.Exists(Path.Combine(source, Program)))
            throw new BenchmarkException($"--against: there is no {Program} in {Path.GetFullPath(source)}.");
        var npm = ExternalProgram.Find("npm") ?? throw new BenchmarkException("--against needs Node and npm, which are not installed.");
        var copy = bench.CreateFolder("baseline");
        foreach (var file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        var (code, output) = await ExternalProgram.RunAsync(npm, ["install", "--silent", "--no-audit", "--no-fund"], ct, directory: copy);
        return code == 0 ? new(copy) : throw new BenchmarkException($"npm install of the baseline failed (exit code {code}): {output}");
    }

    /// <returns>Its users per second.</returns>
    public async Task<double> RunAsync(PostgresServer postgres, CacheServer cache, int users, CancellationToken ct)
    {
        await postgres.EnsureDatabaseAsync(Database, ct);
        NpgsqlConnectionStringBuilder database = new(postgres.ConnectionString(Database));
        Dictionary<string, string?> secrets = new()
        {
            ["PGPASSWORD"] = database.Password!,
            ["REDIS_PASSWORD"] = CacheAdmin.Options(cache).Password,
        };
        string[] arguments =
        [
            Program,
            "--pg",
            $"postgres://{database.Username}@{database.Host}:{database.Port}/{Database}",
            "--redis",
            $"{database.Host}:{cache.Port}",
            "--users",
            users.ToString(CultureInfo.InvariantCulture),
        ];
        await using ChildProcess node = new("node", arguments, null, folder, secrets);
        var code = await node.Exited.WaitAsync(ct);
        var line = node.Tail.LastOrDefault(line => line.StartsWith('{'));
        if (code != 0 || line is null)
            throw new BenchmarkException($"The baseline failed (exit code {code}): {string.Join(Environment.NewLine, node.Tail)}");

        using var figures = JsonDocument.Parse(line);
        var cached = figures.RootElement.GetProperty("cached").GetDouble();
        if (cached != users)
            throw new BenchmarkException($"The baseline cached {cached} of {users} users; its figure does not count.");
        return figures.RootElement.GetProperty("usersPerSecond").GetDouble();
    }
}
