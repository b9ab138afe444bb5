using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Api.Admin;

/// <summary>
/// Lets administrators list and end users' sessions, and ban users. Every node refuses a session that was ended.
/// </summary>
internal static class UserAccessRoutes
{
    public static void MapAccounts(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin").WithTags("Admin").RequireAuthorization(SessionSetup.Admin);
        group
            .MapGet("users/{id}/sessions", ListAsync)
            .WithName("ListSessions")
            .WithSummary(
                "A user's sessions that are neither ended nor expired, newest first. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapDelete("sessions/{id}", static (string id, HttpContext context, SessionRevocation revocation) =>
                RevokeAsync(id, null, context, revocation)
            )
            .WithName("RevokeSession")
            .WithSummary(
                "Ends a session. heldFrom is the time from which every node refuses it: now, or in 5 minutes when the cache does not answer."
            )
            .ProducesProblem(StatusCodes.Status404NotFound);
        group.MapDelete("users/{id}/sessions", RevokeOfUserAsync).WithName("RevokeSessions").WithSummary("Ends every session of a user.");
        group
            .MapPost("users/{id}/ban", BanAsync)
            .WithName("BanUser")
            .WithSummary("Bans a user and ends every session of that user. 409 for the account that the request is sent with.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapPost("users/{id}/unban", UnbanAsync)
            .WithName("UnbanUser")
            .WithSummary("Lets a banned user sign in again; sessions from before the ban stay ended. 409 for an administrator of a tenant.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Listed<SessionItem>>, ValidationProblem>> ListAsync(
        string id,
        string? limit,
        string? cursor,
        HttpContext context,
        SessionList sessions,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var user = errors.Id("id", id);
        var page = PageQuery<SessionCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        var current = (context.User as SessionPrincipal)?.Hash;
        return TypedResults.Ok(
            Listed<SessionItem>.Of(
                await sessions.ReadAsync(user!.Value, page, current, ct),
                page,
                s => new SessionCursor(s.CreatedAt, s.Id),
                s => s
            )
        );
    }

    /// <param name="owner">The user that the session must be of; null for any.</param>
    internal static async Task<Results<Ok<RevokedSessions>, ValidationProblem, ProblemHttpResult>> RevokeAsync(
        string id,
        Guid? owner,
        HttpContext context,
        SessionRevocation revocation
    )
    {
        if (!SessionIds.IsId(id))
            return SessionIds.Problem(id);
        return await revocation.RevokeAsync(id, SessionPrincipal.ActorOf(context), owner: owner) is { } ended
            ? TypedResults.Ok(RevokedSessions.From(ended))
            : SessionIds.NotFound(id);
    }

    internal static async Task<Results<Ok<RevokedSessions>, ValidationProblem>> RevokeOfUserAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation
    ) =>
        InvalidId.TryRead(id, out var user, out var problem)
            ? TypedResults.Ok(RevokedSessions.From(await revocation.RevokeOfUserAsync(user, SessionPrincipal.ActorOf(context))))
            : problem;

    internal static async Task<Results<Ok<BannedUser>, ValidationProblem, ProblemHttpResult>> BanAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation
    )
    {
        if (!InvalidId.TryRead(id, out var user, out var problem))
            return problem;
        // An administrator who banned their own account could not undo it.
        if (context.User is SessionPrincipal { Session.UserId: var own } && own == user)
        {
            return TypedResults.Problem(
                "This is the account that the request is sent with; another administrator can ban it.",
                statusCode: StatusCodes.Status409Conflict,
                title: "Administrators can't ban themselves"
            );
        }
        return await revocation.BanAsync(user, SessionPrincipal.ActorOf(context)) is var (bannedAt, sessions)
            ? TypedResults.Ok(new BannedUser(user, bannedAt, sessions.Ended, sessions.HeldFrom))
            : UserNotFound(user);
    }

    internal static async Task<Results<NoContent, ValidationProblem, ProblemHttpResult>> UnbanAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation
    )
    {
        if (!InvalidId.TryRead(id, out var user, out var problem))
            return problem;
        try
        {
            return await revocation.UnbanAsync(user, SessionPrincipal.ActorOf(context)) ? TypedResults.NoContent() : UserNotFound(user);
        }
        catch (RequestException exception)
        {
            return TypedResults.Problem(
                exception.Message,
                statusCode: StatusCodes.Status409Conflict,
                title: "An administrator of a tenant"
            );
        }
    }

    internal static ProblemHttpResult UserNotFound(Guid id) =>
        TypedResults.Problem($"There is no user {id}.", statusCode: StatusCodes.Status404NotFound, title: "User not found");
}

internal sealed record BannedUser(Guid UserId, DateTimeOffset BannedAt, int Sessions, DateTimeOffset HeldFrom);
