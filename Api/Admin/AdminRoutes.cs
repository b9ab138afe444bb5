namespace Overnight.Api.Admin;

/// <summary>Routes for administrators: accounts, the action log, cache warming, cache invalidation and cache statistics.</summary>
internal static class AdminRoutes
{
    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.AddActionLog();
        builder.AddCacheWarm();
        builder.AddCacheStatistics();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapAccounts();
        app.MapActionLog();
        app.MapCacheWarm();
        app.MapCacheInvalidation();
        app.MapCacheStatistics();
    }
}
