using System.Security.Claims;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>The signed-in user, with the session itself, so that no handler need parse a claim.</summary>
internal sealed class SessionPrincipal(ActiveSession session) : ClaimsPrincipal(new ClaimsIdentity(
    [new(ClaimTypes.Role, session.IsAdmin ? SessionSetup.AdminRole : SessionSetup.UserRole)], SessionSetup.Scheme))
{
    public ActiveSession Session => session;

    /// <summary>The session of a request that its route's policy has let through.</summary>
    public static ActiveSession Of(HttpContext context) => context.User is SessionPrincipal principal
        ? principal.Session
        : throw new InvalidOperationException($"{context.GetEndpoint()?.DisplayName} reads the session but its group does not require one.");
}
