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
        builder.AddNpgsqlDataSource("overnight", settings =>
            settings.ConnectionString = DatabaseConnection.Complete(settings.ConnectionString, MostConnections)
        );
        builder.AddNpgsqlDbContext<OvernightContext>("overnight", settings =>
            (settings.ConnectionString, settings.DisableRetry) = (
                DatabaseConnection.Complete(settings.ConnectionString, MostConnections),
                true
            )
        );
        builder.AddRedisClient("cache", configureOptions: CacheConnection.Configure);
    }
}
