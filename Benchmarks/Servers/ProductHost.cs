using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Jobs;

namespace Overnight.Benchmarks.Servers;

/// <summary>The product's connections to both stores in this process, as its services have them.</summary>
internal static class ProductHost
{
    /// <param name="cache">Connection string.</param>
    public static HostApplicationBuilder Create(
        PostgresServer postgres,
        string cache,
        params ReadOnlySpan<(string Key, string Value)> settings
    )
    {
        var builder = JobsBuilder.CreateUnconnected([]);
        Dictionary<string, string?> configuration = [];
        foreach (var (key, value) in Workbench.ServiceEnvironment(postgres, cache))
            configuration[key.Replace("__", ":", StringComparison.Ordinal)] = value;
        foreach (var (key, value) in settings)
            configuration[key] = value;
        // A source of its own: what is set key by key is gone when another source is added.
        builder.Configuration.AddInMemoryCollection(configuration);
        builder.Logging.ClearProviders();
        builder.AddConnections();
        return builder;
    }
}
