using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>A new session, or the limit that refused the attempt; neither where the address or the password is wrong.</summary>
internal readonly record struct SignInResult(NewSession? Session, SignInTurn? Refused);

/// <summary>Signs in with an e-mail address and its password, within the limits: the same for programs and for the page.</summary>
internal sealed class SignInAttempt(
    SignIn signIn,
    SignInLimits limits,
    SessionRevocation revocation,
    SessionTelemetry telemetry,
    SessionCookie cookies
)
{
    /// <param name="email">The address in the form that <see cref="EmailAddress.TryNormalise"/> gives it.</param>
    public async Task<SignInResult> TryAsync(HttpContext context, string email, string password, CancellationToken ct)
    {
        var client = context.Connection.RemoteIpAddress;
        NewSession? session;
        using (var turn = await limits.EnterAsync(client, email, ct))
        {
            if (turn.Lease is null)
            {
                telemetry.Refused(turn.Outcome, SignInCounts.Hash(email), SignInLimits.NetworkOf(client));
                return new(null, turn);
            }
            session = await signIn.TryAsync(email, password, ct);
        }
        if (session is null)
        {
            telemetry.Refused(SignInOutcome.Wrong, SignInCounts.Hash(email), SignInLimits.NetworkOf(client));
            return default;
        }
        telemetry.SignedIn(session.UserId, session.Hash);
        await limits.SucceededAsync(client, email);
        await ReplaceAsync(context);
        return new(session, null);
    }

    /// <summary>Ends the request's former session, because nobody could end it after the client replaced its token.</summary>
    public async Task ReplaceAsync(HttpContext context)
    {
        if (SessionHandler.TryGetToken(context, cookies, out var former) && SessionToken.TryHash(former, out var replaced))
            await revocation.RevokeAsync(replaced, SessionEnd.Replaced);
    }
}
