using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api;

/// <summary>The two stores, by the names the AppHost gives them.</summary>
internal static class Connections
{
    /// <summary>
    /// One node's connections to PostgreSQL. When the cache is lost, all readers ask PostgreSQL at once: a few open connections answer
    /// thousands of reads a second, while opening a hundred would take the processor time of both sides.
    /// </summary>
    private const int MostConnections = 16;

    public static void AddConnections(this WebApplicationBuilder builder)
    {
        HostSettingsCheck.Check(builder.Configuration);
        builder.AddDatabase<OvernightContext>(
            "overnight",
            static connectionString => DatabaseConnection.Complete(connectionString, MostConnections),
            OvernightContext.Configure
        );
        builder.Services.AddSingleton<DatabaseState>();
        builder.AddCache(CacheConnection.Name, options => CacheConnection.Configure(options, builder.Configuration));
        builder.Services.AddSingleton<WorkerDirectory>();
        builder.Services.AddHealthChecks().AddCheck<SchemaCheck>(SchemaCheck.Name).AddCheck<WorkerCheck>(WorkerCheck.Name);
    }
}
