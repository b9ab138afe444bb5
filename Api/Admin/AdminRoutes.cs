namespace Overnight.Api.Admin;

/// <summary>Routes for administrators: accounts, the action log, schedules, cache warming, cache invalidation and cache statistics.</summary>
internal static class AdminRoutes
{
    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.AddActionLog();
        builder.AddSchedule();
        builder.AddCacheWarm();
        builder.AddCacheStatistics();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapAccounts();
        app.MapActionLog();
        app.MapSchedule();
        app.MapCacheWarm();
        app.MapCacheInvalidation();
        app.MapCacheStatistics();
    }
}
