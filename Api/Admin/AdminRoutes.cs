namespace Overnight.Api.Admin;

/// <summary>Routes for administrators: accounts, the action log, schedules, notices, and the cache.</summary>
internal static class AdminRoutes
{
    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.AddActionLog();
        builder.AddSchedule();
        builder.AddNoticeList();
        builder.AddCacheWarm();
        builder.AddCacheStatistics();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapAccounts();
        app.MapActionLog();
        app.MapSchedule();
        app.MapNotices();
        app.MapCacheWarm();
        app.MapReferenceInvalidation();
        app.MapCacheStatistics();
    }
}
