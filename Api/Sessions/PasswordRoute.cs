using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Problems;

namespace Overnight.Api.Sessions;

/// <summary>Lets users change their own password.</summary>
internal static class PasswordRoute
{
    public const string Path = "/api/account/password";

    public static void MapPassword(this WebApplication app) =>
        app.MapPut(Path, ChangeAsync)
            .WithTags("Account")
            .RequireAuthorization(SessionSetup.SignedIn)
            // SignInLimits limits this route instead.
            .DisableRateLimiting()
            .WithName("ChangePassword")
            .WithSummary(
                "Changes the user's own password, which needs the current one, and ends all other sessions of the user. 409 for an account that has no password yet. Wrong current passwords count as attempts to sign in."
            )
            .Accepts<PasswordChangeRequest>("application/json")
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);

    private static async Task<Results<Ok<RevokedSessions>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        HttpContext context,
        PasswordChange change,
        CancellationToken ct
    )
    {
        var (asked, errors) = await PasswordChangeRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The new password is not valid");
        var answer = await change.TryAsync(context, asked, ct);
        return answer switch
        {
            { Changed: { } done } => TypedResults.Ok(RevokedSessions.From(done)),
            { Refused: { } turn } => SignInRoutes.TooMany(context, turn),
            { HasPassword: false } => TypedResults.Problem(
                PasswordChange.NoPassword,
                statusCode: StatusCodes.Status409Conflict,
                title: "This account has no password"
            ),
            _ => InvalidRequest.Problem(PasswordChange.CurrentField, PasswordChange.Wrong, "The password was not changed"),
        };
    }
}
