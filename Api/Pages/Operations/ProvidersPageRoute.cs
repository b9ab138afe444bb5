using Overnight.Api.Operations;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>The page of the providers.</summary>
internal static class ProvidersPageRoute
{
    public static void MapProvidersPage(this RouteGroupBuilder pages) => pages.MapGet(OperationsPaths.Providers, GetAsync);

    private static async Task<PageResult<ProvidersPage>> GetAsync(
        HttpContext context,
        ProviderStates providers,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    ) => new(frames.Of(context), ProviderViewModelBuilder.Of(await providers.ReadAsync(ct), new(cultures.Of(context.Request))));
}
