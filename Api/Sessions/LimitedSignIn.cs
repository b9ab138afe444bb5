using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>A new session, or the limit that refused the attempt; neither where the address or the password is wrong.</summary>
internal readonly record struct SignInResult(NewSession? Session, SignInTurn? Refused);

/// <summary>Signs in with an e-mail address and its password, within the limits: the same for programs and for the page.</summary>
internal sealed class LimitedSignIn(
    SignIn signIn,
    SignInLimits limits,
    SessionRevocation revocation,
    SessionTelemetry telemetry,
    SessionCookie cookies,
    NpgsqlDataSource database,
    TimeProvider time
)
{
    /// <param name="email">The address in the form that <see cref="EmailAddress.TryNormalise"/> gives it.</param>
    public async Task<SignInResult> TryAsync(HttpContext context, string email, string password, CancellationToken ct)
    {
        var client = context.Connection.RemoteIpAddress;
        var network = SignInLimits.NetworkOf(client);
        NewSession? session;
        using (var turn = await limits.EnterAsync(client, email, ct))
        {
            if (turn.Lease is null)
            {
                telemetry.Refused(turn.Outcome, SignInCounts.Hash(email), network);
                await LogLimitAsync(turn, network, ct);
                return new(null, turn);
            }
            var origin = SessionOrigin.From(client, context.Request.Headers.UserAgent);
            session = await signIn.TryAsync(email, password, origin, network, ct);
        }
        if (session is null)
        {
            telemetry.Refused(SignInOutcome.Wrong, SignInCounts.Hash(email), network);
            return default;
        }
        telemetry.SignedIn(session.UserId, session.Hash);
        await limits.SucceededAsync(client, email);
        await ReplaceAsync(context, session.User);
        return new(session, null);
    }

    /// <summary>Ends the request's former session, because nobody could end it after the client replaced its token.</summary>
    public async Task ReplaceAsync(HttpContext context, Actor by)
    {
        if (SessionHandler.TryGetToken(context, cookies, out var former) && SessionToken.TryHash(former, out var replaced))
            await revocation.RevokeAsync(replaced, by, SessionEnd.Replaced);
    }

    /// <summary>
    /// Of the refusals of one limit in one window only the first is in the action log, so that whoever is refused can't fill it.
    /// </summary>
    private async Task LogLimitAsync(SignInTurn turn, string network, CancellationToken ct)
    {
        if (!turn.IsFirst)
            return;
        try
        {
            await SignIn.LogRefusalAsync(database, turn.Outcome.Name(), null, network, time.GetUtcNow(), ct);
        }
        catch (Exception exception) when (DatabaseOutage.Is(exception))
        {
            // The limit holds without PostgreSQL, and the log line of the refusal is written in any case.
        }
    }
}
