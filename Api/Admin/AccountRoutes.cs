using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Audit;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Api.Admin;

/// <summary>Sessions and bans of others, for administrators. What is ended here is refused by every node (SPEC E1).</summary>
internal static class AccountRoutes
{
    private const int HashLength = 64;

    public static void MapAccounts(this WebApplication app)
    {
        var group = app.MapGroup("/api/admin")
            .WithTags("Admin")
            .RequireAuthorization(SessionSetup.Admin)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group
            .MapGet("users/{id:guid}/sessions", ListAsync)
            .WithName("ListSessions")
            .WithSummary(
                "A user's sessions that are neither ended nor expired, newest first. limit is 1 to 200, 50 when left out; cursor is the nextCursor of the page before."
            );
        group
            .MapDelete("sessions/{id}", RevokeAsync)
            .WithName("RevokeSession")
            .WithSummary(
                "Ends a session. heldFrom says from when on every node refuses it: at once, or in 5 minutes where the cache could not be told."
            )
            .ProducesProblem(StatusCodes.Status404NotFound);
        group
            .MapDelete("users/{id:guid}/sessions", RevokeOfUserAsync)
            .WithName("RevokeSessions")
            .WithSummary("Ends every session of a user.");
        group
            .MapPost("users/{id:guid}/ban", BanAsync)
            .WithName("BanUser")
            .WithSummary("Bans a user and ends every session. 409 for one's own account.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        group
            .MapPost("users/{id:guid}/unban", UnbanAsync)
            .WithName("UnbanUser")
            .WithSummary("Lets a banned user sign in again; sessions from before stay ended. 409 for an administrator of a tenant.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Listed<SessionItem>>, ValidationProblem>> ListAsync(
        Guid id,
        string? limit,
        string? cursor,
        SessionList sessions,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var page = ListPage<SessionCursor>.Read(limit, cursor, errors);
        if (errors.Any)
            return errors.ToProblem();
        return TypedResults.Ok(
            Listed<SessionItem>.Of(await sessions.ReadAsync(id, page, ct), page, s => new SessionCursor(s.CreatedAt, s.Id), s => s)
        );
    }

    private static async Task<Results<Ok<RevokedSessions>, ValidationProblem, ProblemHttpResult>> RevokeAsync(
        string id,
        SessionRevocation revocation
    )
    {
        if (id.Length != HashLength || !id.All(char.IsAsciiHexDigitLower))
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>(StringComparer.Ordinal)
                {
                    ["id"] = [$"must be {HashLength} lowercase hexadecimal digits, not '{id}'"],
                },
                title: "The session asked for is not valid"
            );
        }
        return await revocation.RevokeAsync(id) is { } ended
            ? TypedResults.Ok(RevokedSessions.From(ended))
            : TypedResults.Problem($"There is no session {id}.", statusCode: StatusCodes.Status404NotFound, title: "Session not found");
    }

    private static async Task<Ok<RevokedSessions>> RevokeOfUserAsync(Guid id, SessionRevocation revocation) =>
        TypedResults.Ok(RevokedSessions.From(await revocation.RevokeOfUserAsync(id)));

    private static async Task<Results<Ok<BannedUser>, ProblemHttpResult>> BanAsync(
        Guid id,
        HttpContext context,
        SessionRevocation revocation
    )
    {
        // Who bans the last administrator, himself, can't take it back.
        if (context.User is SessionPrincipal { Session.UserId: var own } && own == id)
        {
            return TypedResults.Problem(
                "This is the account that the request is sent with; another administrator can ban it.",
                statusCode: StatusCodes.Status409Conflict,
                title: "Not one's own account"
            );
        }
        return await revocation.BanAsync(id) is var (bannedAt, sessions)
            ? TypedResults.Ok(new BannedUser(id, bannedAt, sessions.Ended, sessions.HeldFrom))
            : UserNotFound(id);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> UnbanAsync(Guid id, SessionRevocation revocation)
    {
        try
        {
            return await revocation.UnbanAsync(id) ? TypedResults.NoContent() : UserNotFound(id);
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

    private static ProblemHttpResult UserNotFound(Guid id) =>
        TypedResults.Problem($"There is no user {id}.", statusCode: StatusCodes.Status404NotFound, title: "User not found");
}

/// <param name="Sessions">How many were ended that were not before.</param>
/// <param name="HeldFrom">From when on every node refuses them.</param>
internal sealed record RevokedSessions(int Sessions, DateTimeOffset HeldFrom)
{
    public static RevokedSessions From(EndedSessions ended) => new(ended.Ended, ended.HeldFrom);
}

internal sealed record BannedUser(Guid UserId, DateTimeOffset BannedAt, int Sessions, DateTimeOffset HeldFrom);
