using Overnight.Api.Proof;

namespace Overnight.Api.Audit;

/// <summary>Routes about runs, for administrators, and about calculations, for their users too.</summary>
internal static class RunAndCalculationRoutes
{
    public static void AddAudit(this WebApplicationBuilder builder)
    {
        builder.AddRunStart();
        builder.AddRunRetry();
        builder.Services.AddSingleton<RunTimelines>().AddSingleton<RunLive>();
        builder.AddCalculations();
        builder.AddReceipts();
    }

    public static void MapAudit(this WebApplication app)
    {
        app.MapRuns();
        app.MapRunStart();
        app.MapRunRetry();
        app.MapCalculations();
        app.MapReceipts();
        app.MapRoots();
    }
}
