using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Primitives;

namespace Overnight.Api.Protection;

/// <summary>
/// HEAD for every route that answers GET (RFC 9110, 9.3.2): the same handler and policy; the server leaves the body out. The
/// description of the API does not name them.
/// </summary>
internal sealed class HeadRoutes(ICollection<EndpointDataSource> others) : EndpointDataSource
{
    /// <summary>To be called when every other route is mapped.</summary>
    public static void Map(IEndpointRouteBuilder routes) => routes.DataSources.Add(new HeadRoutes([.. routes.DataSources]));

    public override IReadOnlyList<Endpoint> Endpoints =>
        [.. others.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(IsGet).Select(Head)];

    public override IChangeToken GetChangeToken() => NullChangeToken.Singleton;

    private static bool IsGet(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { } methods
        && methods.Contains(HttpMethods.Get, StringComparer.Ordinal)
        && !methods.Contains(HttpMethods.Head, StringComparer.Ordinal);

    private static RouteEndpoint Head(RouteEndpoint get)
    {
        // Two routes must not have one name.
        var metadata = get.Metadata.Where(item => item is not (IHttpMethodMetadata or IEndpointNameMetadata or IRouteNameMetadata));
        return new(
            get.RequestDelegate!,
            get.RoutePattern,
            get.Order,
            new([.. metadata, new HttpMethodMetadata([HttpMethods.Head]), new ExcludeFromDescriptionAttribute()]),
            $"HEAD of {get.DisplayName}"
        );
    }
}
