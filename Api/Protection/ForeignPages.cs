using Overnight.Api.Problems;
using Overnight.Api.Sessions;

namespace Overnight.Api.Protection;

/// <summary>
/// Refuses changes sent by a page of another site (CSRF). A browser adds the session's cookie to such a request by itself, and names the
/// page's site in Sec-Fetch-Site and Origin; one with the cookie and neither header is refused too, because it can't be told where it is
/// from. A request with Authorization is accepted, because browsers never add that header themselves; nor do they add the admin key.
/// </summary>
/// <remarks>Origin's scheme is not compared, because TLS may end at a proxy. Proxies must pass Host on unchanged.</remarks>
internal sealed class ForeignPages(RequestDelegate next)
{
    private const string FetchSite = "Sec-Fetch-Site";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (IsSafe(request.Method) || request.Headers.Authorization.Count > 0)
            return next(context);
        if (request.Headers[FetchSite] is { Count: > 0 } site && site is not ["same-origin"] and not ["none"])
            return RefuseAsync(context, FetchSite, $"{site}");
        if (request.Headers.Origin is { Count: > 0 } origin && !(origin.Count == 1 && IsOwn(origin[0], request.Host)))
            return RefuseAsync(context, "Origin", $"{origin}");
        if (
            request.Headers[FetchSite].Count == 0
            && request.Headers.Origin.Count == 0
            && SessionCookie.IsThere(request)
            && !request.Headers.ContainsKey(AdminKeyHandler.Header)
        )
            return RefuseAsync(context, $"{FetchSite} and Origin are missing, and there is a cookie");
        return next(context);
    }

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsTrace(method);

    private static bool IsOwn(string? origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.Scheme is "http" or "https"
        && page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase)
        && page.Port == (host.Port ?? (page.Scheme == "https" ? 443 : 80));

    private static Task RefuseAsync(HttpContext context, string header, string value) =>
        RefuseAsync(context, $"{header} is '{DisplayText.Short(value)}'");

    private static Task RefuseAsync(HttpContext context, string why) =>
        TypedResults
            .Problem(
                $"{why}: changes are taken from pages of this site, or from programs, which send Authorization and no cookie.",
                statusCode: StatusCodes.Status403Forbidden,
                title: "Not from another site"
            )
            .ExecuteAsync(context);
}
