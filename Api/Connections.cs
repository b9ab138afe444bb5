using Overnight.Core;
using Overnight.Core.Caching;
using Overnight.Core.Data;

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
        HostSettings.Check(builder.Configuration, needsCache: true);
        builder.AddDatabase<OvernightContext>(
            "overnight",
            static connectionString => DatabaseConnection.Complete(connectionString, MostConnections),
            OvernightContext.Configure
        );
        builder.Services.AddSingleton<DatabaseState>();
        builder.AddCache(CacheConnection.Name, options => CacheConnection.Configure(options, builder.Configuration));
        builder.Services.AddHealthChecks().AddCheck<SchemaCheck>(SchemaCheck.Name);
    }
}
