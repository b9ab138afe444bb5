namespace Overnight.Api.Admin;

/// <summary>What administrators ask of the cache: to be warmed, to forget, and how it does.</summary>
internal static class CacheRoutes
{
    public static void AddCacheAdmin(this WebApplicationBuilder builder)
    {
        builder.AddCacheWarm();
        builder.AddCacheStatistics();
    }

    public static void MapCacheAdmin(this WebApplication app)
    {
        app.MapCacheWarm();
        app.MapCacheInvalidation();
        app.MapCacheStatistics();
    }
}
