using System.Security.Claims;

namespace Overnight.Api.Sessions;

/// <summary>
/// Marks a route that answers while PostgreSQL and the cache are both away, and whose answer is no user's data. A token is
/// accepted then when this node saw it valid, has not seen it refused since, and it has not expired. The request has no user and no
/// role.
/// </summary>
internal sealed record AllowDuringOutage
{
    /// <summary>How long such a request waits for one of the stores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static ClaimsPrincipal Somebody(string scheme) => new(new ClaimsIdentity(scheme));
}
