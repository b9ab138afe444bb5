using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Sessions;
using Overnight.Core.Data;

namespace Overnight.Api.Pages.Operations;

/// <summary>The operations pages, for administrators. What a form does, a route of the API does by the same code.</summary>
internal static class OperationsPageSetup
{
    public static void AddOperationsPages(this WebApplicationBuilder builder) =>
        builder.Services.AddSingleton<OverviewReader>().AddSingleton<CacheViewModelBuilder>().AddSingleton<SchedulePauseForms>();

    /// <param name="tokened">The group that checks the token of forms.</param>
    public static void MapOperationsPages(this WebApplication app, RouteGroupBuilder tokened)
    {
        var pages = app.MapGroup("").RequireAuthorization(SessionSetup.Admin).ExcludeFromDescription();
        var forms = tokened.MapGroup("").RequireAuthorization(SessionSetup.Admin);
        pages.MapGet(OperationsPaths.Overview, OverviewAsync);
        pages.MapRunPages(forms);
        pages.MapSchedulePages(forms);
        pages.MapWarmingPages(forms);
        pages.MapCachePages(forms);
        pages.MapProvidersPage();
        pages.MapNoticePages(forms);
        pages.MapFlagPages(forms);
        pages.MapUserPages(forms);
        pages.MapLogPage();
        pages.MapKeysPages(forms);
    }

    private static async Task<PageResult<OverviewPage>> OverviewAsync(
        HttpContext context,
        OverviewReader overview,
        OvernightContext database,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    ) => new(frames.Of(context), await overview.ReadAsync(database, new(cultures.Of(context.Request)), ct));
}
