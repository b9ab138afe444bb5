namespace Overnight.Api.Audit;

/// <summary>What runs did, and what they told whom.</summary>
internal static class AuditRoutes
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.AddRunStart();
        builder.AddRunRetry();
        builder.AddCalculations();
    }

    public static void MapAudit(this WebApplication app)
    {
        app.MapRuns();
        app.MapRunStart();
        app.MapRunRetry();
        app.MapCalculations();
    }
}
