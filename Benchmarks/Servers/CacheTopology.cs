using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Overnight.LocalServers;
using StackExchange.Redis;

namespace Overnight.Benchmarks.Servers;

/// <summary>How a cache is run where it matters.</summary>
public enum CacheTopology
{
    /// <summary>One server, with a password.</summary>
    Standalone,

    /// <summary>One server behind TLS, with a user of its own that may do what is needed and no more.</summary>
    Tls,

    /// <summary>A cluster of three.</summary>
    Cluster,
}

/// <summary>A cache of a topology, of redis-server processes on this machine.</summary>
/// <param name="Servers">Its processes.</param>
/// <param name="ConnectionString">Of the product.</param>
/// <param name="AdministratorsConnectionString">Of one who may do everything.</param>
internal sealed record CacheOf(IReadOnlyList<CacheServer> Servers, string ConnectionString, string AdministratorsConnectionString)
{
    private const int Slots = 16_384;

    /// <summary>The user of <see cref="CacheTopology.Tls"/>, with what docs/operate.md says that it needs.</summary>
    private const string User = "overnight",
        Rights = "~* &* +@read +@write +@connection +@pubsub +@transaction -@dangerous +info +dbsize";

    private static readonly Lazy<Task<(string Certificate, string Key)>> Certificate = new(MakeCertificateAsync);

    /// <summary>Of the authority that signed what servers over TLS show: themselves.</summary>
    public static async Task<string> CertificateFileAsync() => (await Certificate.Value).Certificate;

    /// <param name="start">Starts a server with lines of configuration.</param>
    public static async Task<CacheOf> StartAsync(
        CacheTopology topology,
        Func<IReadOnlyList<string>, Task<CacheServer>> start,
        CancellationToken ct
    )
    {
        switch (topology)
        {
            case CacheTopology.Tls:
                var (certificate, key) = await Certificate.Value;
                var (port, password) = (ServerProcess.FreePort(), RandomNumberGenerator.GetHexString(32, lowercase: true));
                var tls = await start([
                    $"tls-port {port}",
                    $"tls-cert-file {certificate}",
                    $"tls-key-file {key}",
                    $"tls-ca-cert-file {certificate}",
                    "tls-auth-clients no",
                    $"user {User} on >{password} {Rights}",
                ]);
                var options = ConfigurationOptions.Parse(tls.ConnectionString);
                return new(
                    [tls],
                    $"{IPAddress.Loopback}:{port},ssl=true,sslHost=localhost,user={User},password={password}",
                    $"{IPAddress.Loopback}:{port},ssl=true,sslHost=localhost,password={options.Password}"
                );
            case CacheTopology.Cluster:
                List<CacheServer> nodes = [];
                for (var i = 0; i < 3; i++)
                    nodes.Add(await start(["cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 5000"]));
                var connection = await FormAsync(nodes, ct);
                return new(nodes, connection, connection);
            default:
                var single = await start([]);
                return new([single], single.ConnectionString, single.ConnectionString);
        }
    }

    private static async Task<string> FormAsync(List<CacheServer> nodes, CancellationToken ct)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var (first, last) = (Slots * i / nodes.Count, Slots * (i + 1) / nodes.Count - 1);
            await nodes[i].AdministerAsync("CLUSTER", "ADDSLOTSRANGE", first, last);
            if (i > 0)
                await nodes[i].AdministerAsync("CLUSTER", "MEET", "127.0.0.1", nodes[0].Port);
        }
        // Each learns of the others by their gossip.
        for (var waiting = true; waiting; await Task.Delay(20, ct))
        {
            waiting = false;
            foreach (var node in nodes)
                waiting |= !(await node.AskAsync("CLUSTER", "INFO")).Contains("cluster_state:ok", StringComparison.Ordinal);
        }
        var options = ConfigurationOptions.Parse(nodes[0].ConnectionString);
        return $"{string.Join(',', nodes.Select(node => $"{IPAddress.Loopback}:{node.Port}"))},password={options.Password}";
    }

    /// <summary>One that lives as long as this process, and which the client is told to trust.</summary>
    private static async Task<(string Certificate, string Key)> MakeCertificateAsync()
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("Caches are started as local processes on Linux and macOS alone.");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        // The server may run under another account than ours, which the key is given to.
        var folder = Directory.CreateTempSubdirectory("overnight-tls-").FullName;
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var (certificateFile, keyFile) = (Path.Combine(folder, "certificate.pem"), Path.Combine(folder, "key.pem"));
        await File.WriteAllTextAsync(certificateFile, certificate.ExportCertificatePem());
        var account = await ServerAccount.FindAsync(CancellationToken.None);
        await account.WriteSecretAsync(keyFile, key.ExportPkcs8PrivateKeyPem(), CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        Environment.SetEnvironmentVariable("SERedis_IssuerCertPath", certificateFile);
        return (certificateFile, keyFile);
    }
}
