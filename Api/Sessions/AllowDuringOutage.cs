using System.Security.Claims;

namespace Overnight.Api.Sessions;

/// <summary>
/// Marks a route that is the same for everybody: the request's session is not looked up, so that the route answers whatever the stores do.
/// </summary>
internal sealed record WithoutSession;

/// <summary>
/// Marks a route that answers while neither PostgreSQL nor the cache can be reached, and whose answer contains no user's data. During an
/// outage a token is accepted when this node validated it before, has not seen it refused since, and it has not expired. The request then
/// has no user and no role.
/// </summary>
internal sealed record AllowDuringOutage
{
    /// <summary>How long such a request waits for one of the stores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static ClaimsPrincipal Somebody(string scheme) => new(new ClaimsIdentity(scheme));
}
