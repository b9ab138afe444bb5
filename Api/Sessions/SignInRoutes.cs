using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Routes for signing in and out.</summary>
internal static class SignInRoutes
{
    public const string Path = "/api/sessions";

    public static void MapSessions(this WebApplication app)
    {
        var group = app.MapGroup(Path).WithTags("Sessions").ProducesProblem(StatusCodes.Status401Unauthorized);
        group
            .MapPost("", SignInAsync)
            .AllowAnonymous()
            // SignInLimits limits this route instead.
            .DisableRateLimiting()
            .WithName("SignIn")
            .WithSummary(
                "Makes a session for an e-mail address and its password. The token is in this answer only; with cookie true it is set as a cookie instead."
            )
            .Accepts<SignInRequest>("application/json")
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group
            .MapDelete("current", SignOutAsync)
            .RequireAuthorization(SessionSetup.SignedIn)
            .WithName("SignOut")
            .WithSummary("Ends the session that the request is sent with, on every node.");
    }

    private static async Task<Results<Created<SignedIn>, ValidationProblem, ProblemHttpResult>> SignInAsync(
        HttpContext context,
        LimitedSignIn attempt,
        SessionCookie cookies,
        CancellationToken ct
    )
    {
        var (asked, errors) = await SignInRequest.ReadAsync(context.Request.Body, ct);
        if (asked.Cookie == true && cookies.NameFor(context) is null)
            errors["cookie"] = [$"can't be true over http. {SessionCookie.NeedsHttps}"];
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The sign-in is not valid");

        var (session, refused) = await attempt.TryAsync(context, asked.Email!, asked.Password!, ct);
        if (refused is not null)
            return TooMany(context, refused);
        if (session is null)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return TypedResults.Problem(
                "The e-mail address or the password is wrong, or the account is closed.",
                statusCode: StatusCodes.Status401Unauthorized,
                title: "Not signed in"
            );
        }
        if (asked.Cookie == true)
            cookies.Set(context, session);
        return TypedResults.Created(
            (string?)null,
            new SignedIn(session.Hash, session.UserId, session.ExpiresAt, asked.Cookie == true ? null : session.Token)
        );
    }

    private static async Task<NoContent> SignOutAsync(HttpContext context, SessionRevocation revocation, SessionCookie cookies)
    {
        await revocation.RevokeAsync(SessionPrincipal.HashOf(context), SessionPrincipal.ActorOf(context), SessionEnd.SignedOut);
        cookies.Delete(context);
        return TypedResults.NoContent();
    }

    internal static ProblemHttpResult TooMany(HttpContext context, SignInTurn turn)
    {
        var seconds = Math.Ceiling(Math.Max(1, turn.RetryAfter.TotalSeconds)).ToString("F0", CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        if (turn.Outcome == SignInOutcome.Busy)
        {
            return TypedResults.Problem(
                "Too many sign-ins are under way on this node. Try again in a second.",
                statusCode: StatusCodes.Status503ServiceUnavailable,
                title: "Signing in is busy"
            );
        }
        return TypedResults.Problem(
            $"Too many tries to sign in. Try again in {seconds} s.",
            statusCode: StatusCodes.Status429TooManyRequests,
            title: "Too many tries"
        );
    }
}

/// <param name="Id">Id of the session, by which administrators end it: the hash of its token.</param>
/// <param name="Token">43 characters, to be sent as <c>Authorization: Bearer</c>; left out where it is set as a cookie.</param>
internal sealed record SignedIn(
    string Id,
    Guid UserId,
    DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token
);
