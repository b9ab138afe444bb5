using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>Signs in and out (SPEC E1, C1).</summary>
internal static class SignInRoutes
{
    public const string Path = "/api/sessions";

    public static void MapSessions(this WebApplication app)
    {
        var group = app.MapGroup(Path)
            .WithTags("Sessions")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group
            .MapPost("", SignInAsync)
            .WithName("SignIn")
            .WithSummary(
                "Makes a session for an e-mail address and its password. Its token is told here and never again; with cookie true it is set as a cookie instead."
            )
            .Accepts<SignInRequest>("application/json")
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        group
            .MapDelete("current", SignOutAsync)
            .ForSignedIn()
            .WithName("SignOut")
            .WithSummary("Ends the session that the request is sent with, on every node.");
    }

    private static async Task<Results<Created<SignedIn>, ValidationProblem, ProblemHttpResult>> SignInAsync(
        HttpContext context,
        SignIn signIn,
        SignInLimits limits,
        CancellationToken ct
    )
    {
        context.Response.Headers.CacheControl = "no-store";
        var (asked, errors) = await SignInRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "The sign-in is not valid");

        var (turn, retryAfter) = await limits.EnterAsync(context.Connection.RemoteIpAddress, asked.Email!, ct);
        if (turn is null)
            return TooMany(context, retryAfter);
        NewSession? session;
        using (turn)
            session = await signIn.TryAsync(asked.Email!, asked.Password!, ct);
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
            context.Response.Cookies.Append(SessionSetup.CookieName, session.Token, Cookie(context, session.ExpiresAt));
        return TypedResults.Created(
            (string?)null,
            new SignedIn(session.Hash, session.UserId, session.ExpiresAt, asked.Cookie == true ? null : session.Token)
        );
    }

    private static async Task<NoContent> SignOutAsync(HttpContext context, SessionRevocation revocation)
    {
        await revocation.RevokeAsync(SessionPrincipal.HashOf(context));
        if (context.Request.Cookies.ContainsKey(SessionSetup.CookieName))
            context.Response.Cookies.Delete(SessionSetup.CookieName, Cookie(context, null));
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult TooMany(HttpContext context, TimeSpan retryAfter)
    {
        var seconds = Math.Ceiling(retryAfter.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture);
        context.Response.Headers.RetryAfter = seconds;
        return TypedResults.Problem(
            $"Too many tries to sign in. Try again in {seconds} s.",
            statusCode: StatusCodes.Status429TooManyRequests,
            title: "Too many tries"
        );
    }

    // Strict: no other site's page can send it, nor can its forms.
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

/// <param name="Id">Of the session, for those who end it: the hash of its token.</param>
/// <param name="Token">43 characters, to be sent as <c>Authorization: Bearer</c>; left out where it is set as a cookie.</param>
internal sealed record SignedIn(
    string Id,
    Guid UserId,
    DateTimeOffset ExpiresAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token
);
