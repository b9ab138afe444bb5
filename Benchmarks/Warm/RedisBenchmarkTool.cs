using System.Globalization;
using System.Net;
using Overnight.Benchmarks.Reporting;
using Overnight.Benchmarks.Servers;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Warm;

/// <summary>Redis's own benchmark tool, sending the command that we send.</summary>
internal sealed class RedisBenchmarkTool
{
    private const string Name = "redis-benchmark",
        Pipeline = "64",
        Milliseconds = "86400000";

    /// <summary>As long as ours; the tool puts 12 digits into it.</summary>
    private const string Key = "recs:00000000-0000-7000-8000-__rand_int__";

    /// <summary>In a cluster the tool puts a tag of some slot of the node that it sends to in place of the braces' word.</summary>
    private const string ClusterKey = "recs:{tag}-00000000-7000-8000-__rand_int__";

    private readonly string path;

    private RedisBenchmarkTool(string path) => this.path = path;

    /// <returns>Null where the tool is not installed.</returns>
    public static RedisBenchmarkTool? Find() => ExternalProgram.Find(Name) is { } path ? new(path) : null;

    /// <summary>Keys are drawn at random from as many as there are writes: about a third of its writes replace a value.</summary>
    /// <returns>Entries per second.</returns>
    public async Task<double> MeasureAsync(CacheServer cache, CacheAdmin admin, WarmSettings settings, int clients, CancellationToken ct)
    {
        var count = settings.Entries.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "-h",
            "127.0.0.1",
            "-p",
            $"{Port(cache)}",
            .. await OptionsAsync(settings.Topology),
            "-P",
            Pipeline,
            "-c",
            $"{clients}",
            "-n",
            count,
            "-r",
            count,
            "--csv",
            "SET",
            settings.Topology == CacheTopology.Cluster ? ClusterKey : Key,
            new('x', settings.Size),
            "PX",
            Milliseconds,
        ];
        admin.Empty();
        // The tool takes a password as an argument only, where every process could read it.
        using var open = admin.WithoutPassword();
        var (code, output) = await ExternalProgram.RunAsync(path, arguments, ct);

        // The last line of CSV: the command (with the value, and so with commas of its own), the rate, latencies.
        var fields = output
            .Split(Environment.NewLine)
            .LastOrDefault(line => line.StartsWith("\"SET", StringComparison.Ordinal))
            ?.Split("\",\"");
        return code == 0 && fields is [_, var rate, ..]
            ? double.Parse(rate, CultureInfo.InvariantCulture)
            : throw new BenchmarkException($"{Name} failed (exit code {code}): {(output.Length > 500 ? output[..500] : output)}");
    }

    /// <summary>Of the topology, which is not that of the process where that speaks TLS.</summary>
    private static int Port(CacheServer cache) => ((IPEndPoint)CacheAdmin.Options(cache).EndPoints[0]).Port;

    private static async Task<string[]> OptionsAsync(CacheTopology topology) =>
        topology switch
        {
            CacheTopology.Tls => ["--tls", "--cacert", await CacheOf.CertificateFileAsync()],
            CacheTopology.Cluster => ["--cluster"],
            _ => [],
        };
}
