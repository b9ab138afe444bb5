using System.Security.Claims;
using Overnight.Core.Actions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>The signed-in user, with the session itself, so that no handler need parse a claim.</summary>
/// <param name="hash">Hash of the session's token.</param>
internal sealed class SessionPrincipal(ActiveSession session, string hash)
    : ClaimsPrincipal(
        new ClaimsIdentity([new(ClaimTypes.Role, session.IsAdmin ? SessionSetup.AdminRole : SessionSetup.UserRole)], SessionSetup.Scheme)
    )
{
    public ActiveSession Session => session;

    public string Hash => hash;

    /// <summary>The session of a request that its route's policy has let through.</summary>
    public static ActiveSession Of(HttpContext context) => PrincipalOf(context).Session;

    /// <summary>The hash of that session's token.</summary>
    public static string HashOf(HttpContext context) => PrincipalOf(context).Hash;

    /// <summary>
    /// Who acts with a request that its route's policy has let through: the session's user, or a program with the admin key.
    /// </summary>
    public static Actor ActorOf(HttpContext context) =>
        context.User is SessionPrincipal { Session: var session } ? Actor.Of(session.UserId, session.IsAdmin) : Actor.AdminKey;

    /// <summary>The user to whose own data a request is confined; null for an administrator and for a program with the admin key.</summary>
    public static Guid? OwnerOf(HttpContext context) =>
        context.User.IsInRole(SessionSetup.AdminRole) ? null : PrincipalOf(context).Session.UserId;

    private static SessionPrincipal PrincipalOf(HttpContext context) =>
        context.User is SessionPrincipal principal
            ? principal
            : throw new InvalidOperationException(
                $"{context.GetEndpoint()?.DisplayName} reads the session but its group does not require one."
            );
}
