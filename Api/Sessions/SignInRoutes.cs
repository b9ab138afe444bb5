using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Overnight.Api.Problems;
using Overnight.Core.Data;
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
        SignIn signIn,
        SignInLimits limits,
        SessionRevocation revocation,
        SessionTelemetry telemetry,
        NpgsqlDataSource database,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var (asked, errors) = await SignInRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The sign-in is not valid");

        var client = context.Connection.RemoteIpAddress;
        var network = SignInLimits.NetworkOf(client);
        NewSession? session;
        using (var turn = await limits.EnterAsync(client, asked.Email!, ct))
        {
            if (turn.Lease is null)
            {
                telemetry.Refused(turn.Outcome, SignInCounts.Hash(asked.Email!), network);
                await LogLimitAsync(turn, network, database, time.GetUtcNow(), ct);
                return TooMany(context, turn);
            }
            var origin = SessionOrigin.From(client, context.Request.Headers.UserAgent);
            session = await signIn.TryAsync(asked.Email!, asked.Password!, origin, network, ct);
        }
        if (session is null)
        {
            telemetry.Refused(SignInOutcome.Wrong, SignInCounts.Hash(asked.Email!), network);
            context.Response.Headers.WWWAuthenticate = "Bearer";
            return TypedResults.Problem(
                "The e-mail address or the password is wrong, or the account is closed.",
                statusCode: StatusCodes.Status401Unauthorized,
                title: "Not signed in"
            );
        }
        telemetry.SignedIn(session.UserId, session.Hash);
        await limits.SucceededAsync(client, asked.Email!);
        // The request's former session is ended, because nobody could end it after the client replaced its token.
        if (SessionHandler.TryGetToken(context.Request, out var former) && SessionToken.TryHash(former, out var replaced))
            await revocation.RevokeAsync(replaced, session.User, SessionEnd.Replaced);
        if (asked.Cookie == true)
            context.Response.Cookies.Append(SessionSetup.CookieName, session.Token, Cookie(context, session.ExpiresAt));
        return TypedResults.Created(
            (string?)null,
            new SignedIn(session.Hash, session.UserId, session.ExpiresAt, asked.Cookie == true ? null : session.Token)
        );
    }

    private static async Task<NoContent> SignOutAsync(HttpContext context, SessionRevocation revocation)
    {
        await revocation.RevokeAsync(SessionPrincipal.HashOf(context), SessionPrincipal.ActorOf(context), SessionEnd.SignedOut);
        if (context.Request.Cookies.ContainsKey(SessionSetup.CookieName))
            context.Response.Cookies.Delete(SessionSetup.CookieName, Cookie(context, null));
        return TypedResults.NoContent();
    }

    /// <summary>
    /// Of the refusals of one limit in one window only the first is in the action log, so that whoever is refused can't fill it.
    /// </summary>
    private static async Task LogLimitAsync(
        SignInTurn turn,
        string network,
        NpgsqlDataSource database,
        DateTimeOffset at,
        CancellationToken ct
    )
    {
        if (!turn.IsFirst)
            return;
        try
        {
            await SignIn.LogRefusalAsync(database, turn.Outcome.Name(), null, network, at, ct);
        }
        catch (Exception exception) when (DatabaseOutage.Is(exception))
        {
            // The limit holds without PostgreSQL, and the log line of the refusal is written in any case.
        }
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

    // SameSite=Strict: neither pages nor forms of other sites can send the cookie.
    private static CookieOptions Cookie(HttpContext context, DateTimeOffset? expires) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = context.Request.IsHttps,
            Path = "/",
            Expires = expires,
            IsEssential = true,
        };
}

/// <param name="Id">Id of the session, by which administrators end it: the hash of its token.</param>
/// <param name="Token">43 characters, to be sent as <c>Authorization: Bearer</c>; left out where it is set as a cookie.</param>
internal sealed record SignedIn(
    string Id,
    Guid UserId,
    DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token
);
