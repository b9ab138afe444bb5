using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Api;

/// <summary>The two stores, by the names the AppHost gives them.</summary>
internal static class Connections
{
    public static void AddConnections(this WebApplicationBuilder builder)
    {
        builder.AddNpgsqlDataSource("overnight");
        builder.AddNpgsqlDbContext<OvernightContext>("overnight", settings => settings.DisableRetry = true);
        builder.AddRedisClient("cache", configureOptions: CacheConnection.Configure);
    }
}
