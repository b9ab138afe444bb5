using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Overnight.Api.Problems;
using Overnight.Core.Sessions;

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
        PasswordStore passwords,
        IPasswordHasher<string> hasher,
        SignInLimits limits,
        CancellationToken ct
    )
    {
        var (asked, errors) = await PasswordChangeRequest.ReadAsync(context.Request.Body, ct);
        if (errors.Count > 0)
            return InvalidRequest.Problem(errors, "The new password is not valid");
        var user = SessionPrincipal.Of(context).UserId;
        var (email, stored) = await passwords.FindAsync(user, ct);
        if (stored is null)
        {
            return TypedResults.Problem(
                "An operator sets the first one: jobs user password EMAIL.",
                statusCode: StatusCodes.Status409Conflict,
                title: "This account has no password"
            );
        }
        var client = context.Connection.RemoteIpAddress;
        string hash;
        using (var turn = await limits.EnterAsync(client, email, ct))
        {
            if (turn.Lease is null)
                return SignInRoutes.TooMany(context, turn);
            if (hasher.VerifyHashedPassword(email, stored, asked.CurrentPassword!) == PasswordVerificationResult.Failed)
                return Wrong();
            hash = hasher.HashPassword(email, asked.NewPassword!);
        }
        await limits.SucceededAsync(client, email);
        var ended = await passwords.ChangeAsync(user, stored, hash, SessionPrincipal.HashOf(context), SessionPrincipal.ActorOf(context));
        return ended is { } done ? TypedResults.Ok(RevokedSessions.From(done)) : Wrong();
    }

    private static ValidationProblem Wrong() =>
        InvalidRequest.Problem("currentPassword", "is not the password of this account", "The password was not changed");
}
