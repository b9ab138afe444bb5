namespace Overnight.Core.Sessions;

/// <summary>A session that was valid when it was looked up.</summary>
/// <param name="ExpiresAt">When it ends without another use: when it expires, or <see cref="UserSessionOptions.UnusedLifetime"/> after its
/// last use as PostgreSQL has it.</param>
/// <param name="Markets">Codes of the user's markets, with commas between; their calendars determine the dashboard's freshness.</param>
public sealed record ActiveSession(Guid UserId, bool IsAdmin, Guid? TenantId, DateTimeOffset ExpiresAt, string Markets = "");

/// <summary>Why a request is not signed in.</summary>
public enum SessionRefusal
{
    None,
    Missing,
    Malformed,
    Unknown,
    Expired,
    Revoked,

    /// <summary>The user was deleted or banned.</summary>
    AccountClosed,
}

/// <summary>A session, or the reason why there is none.</summary>
/// <param name="ReadAt">When PostgreSQL was queried.</param>
public sealed record SessionLookup(ActiveSession? Session, SessionRefusal Refusal, DateTimeOffset ReadAt);
