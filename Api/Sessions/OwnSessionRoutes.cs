using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Paging;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Lets users list and end their own sessions.</summary>
internal static class OwnSessionRoutes
{
    public static void MapOwnSessions(this WebApplication app)
    {
        var group = app.MapGroup(SignInRoutes.Path).WithTags("Sessions").RequireAuthorization(SessionSetup.SignedIn);
        group
            .MapGet("", ListAsync)
            .WithName("ListOwnSessions")
            .WithSummary(
                "The user's own sessions that have not ended, newest first: when and where each was made, when it was last used, and which one the request is sent with. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapDelete("others", EndOthersAsync)
            .WithName("EndOtherSessions")
            .WithSummary("Ends all sessions of the user but the one that the request is sent with, on every node.");
        group
            .MapDelete("{id}", EndAsync)
            .WithName("EndOwnSession")
            .WithSummary("Ends one of the user's own sessions, on every node. 404 for any other.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<Listed<SessionItem>>, ValidationProblem>> ListAsync(
        string? limit,
        string? cursor,
        HttpContext context,
        SessionList sessions,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var page = PageQuery<SessionCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        var rows = await sessions.ReadAsync(SessionPrincipal.Of(context).UserId, page, SessionPrincipal.HashOf(context), ct);
        return TypedResults.Ok(Listed<SessionItem>.Of(rows, page, s => new SessionCursor(s.CreatedAt, s.Id), s => s));
    }

    private static async Task<Ok<RevokedSessions>> EndOthersAsync(HttpContext context, SessionRevocation revocation) =>
        TypedResults.Ok(
            RevokedSessions.From(
                await revocation.RevokeOfUserAsync(
                    SessionPrincipal.Of(context).UserId,
                    SessionPrincipal.ActorOf(context),
                    SessionEnd.ByOwner,
                    except: SessionPrincipal.HashOf(context)
                )
            )
        );

    private static async Task<Results<Ok<RevokedSessions>, ValidationProblem, ProblemHttpResult>> EndAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation
    )
    {
        if (!SessionIds.IsId(id))
            return SessionIds.Problem(id);
        var ended = await revocation.RevokeAsync(
            id,
            SessionPrincipal.ActorOf(context),
            SessionEnd.ByOwner,
            owner: SessionPrincipal.Of(context).UserId
        );
        return ended is { } done ? TypedResults.Ok(RevokedSessions.From(done)) : SessionIds.NotFound(id);
    }
}
