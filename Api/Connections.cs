using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Runs;

namespace Overnight.Api;

/// <summary>The two stores, by the names the AppHost gives them.</summary>
internal static class Connections
{
    /// <summary>
    /// To PostgreSQL, of one node's readers. When the cache is lost all of them come at once: a few connections answer thousands
    /// a second, while a hundred that are opened at that moment keep both sides' processors from answering at all.
    /// </summary>
    private const int MostConnections = 16;

    public static void AddConnections(this WebApplicationBuilder builder)
    {
        builder.AddDatabase<OvernightContext>(
            "overnight",
            static connectionString => DatabaseConnection.Complete(connectionString, MostConnections),
            OvernightContext.Configure
        );
        builder.AddCache("cache", options => CacheConnection.Configure(options, builder.Configuration));
        builder.Services.AddSingleton<WorkerDirectory>();
        builder.Services.AddHealthChecks().AddCheck<SchemaCheck>(SchemaCheck.Name).AddCheck<WorkerCheck>(WorkerCheck.Name);
    }
}
