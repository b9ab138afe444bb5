using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Overnight.Api.Protection;

internal static class HeadSetup
{
    /// <summary>Call it after every other route is mapped.</summary>
    public static void MapHeadRoutes(this IEndpointRouteBuilder routes) => routes.DataSources.Add(new HeadRoutes([.. routes.DataSources]));
}

/// <summary>
/// Adds HEAD for every route that answers GET (RFC 9110, 9.3.2), with the same handler and policy; the server leaves the body out. The
/// OpenAPI document leaves these routes out.
/// </summary>
internal sealed class HeadRoutes(ICollection<EndpointDataSource> others) : EndpointDataSource
{
    public override IReadOnlyList<Endpoint> Endpoints =>
        [.. others.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(IsGet).Select(Head)];

    public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;

    private static bool IsGet(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { } methods
        && methods.Contains(HttpMethods.Get, StringComparer.Ordinal)
        && !methods.Contains(HttpMethods.Head, StringComparer.Ordinal);

    private static RouteEndpoint Head(RouteEndpoint get)
    {
        // The name is left out, because the names of routes must be unique.
        var metadata = get.Metadata.Where(item => item is not (IHttpMethodMetadata or IEndpointNameMetadata or IRouteNameMetadata));
        return new(
            get.RequestDelegate!,
            get.RoutePattern,
            get.Order,
            new([.. metadata, new HttpMethodMetadata([HttpMethods.Head]), new ExcludeFromDescriptionAttribute()]),
            // The limit of concurrent requests is per display name, so a route's HEAD counts together with its GET.
            get.DisplayName
        );
    }
}
