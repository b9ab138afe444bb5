using System.Security.Claims;

namespace Overnight.Api.Sessions;

/// <summary>
/// On a route that goes on answering while PostgreSQL and the cache are both away (SPEC F5), and whose answer is no user's
/// data: a token that this node has seen valid, that has not expired, and that it has not seen refused, is let in then. As
/// nobody in particular: there is no user and no role behind it.
/// </summary>
internal sealed record AllowDuringOutage
{
    /// <summary>How long such a request waits for one of the stores.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static ClaimsPrincipal Somebody(string scheme) => new(new ClaimsIdentity(scheme));
}
