namespace Overnight.Api.Admin;

/// <summary>What administrators do to accounts, and ask of the cache: to be warmed, to forget, and how it does.</summary>
internal static class AdminRoutes
{
    public static void AddAdmin(this WebApplicationBuilder builder)
    {
        builder.AddCacheWarm();
        builder.AddCacheStatistics();
    }

    public static void MapAdmin(this WebApplication app)
    {
        app.MapAccounts();
        app.MapCacheWarm();
        app.MapCacheInvalidation();
        app.MapCacheStatistics();
    }
}
