using Microsoft.AspNetCore.Identity;
using Overnight.Core.Sessions;

namespace Overnight.Api.Sessions;

/// <summary>How a change of the own password ended; with neither a change nor a refusal, the current password was wrong.</summary>
/// <param name="Changed">The other sessions, which it ended.</param>
/// <param name="Refused">The limit that refused it.</param>
internal readonly record struct PasswordAnswer(EndedSessions? Changed, SignInTurn? Refused = null, bool HasPassword = true);

/// <summary>Changes the password of a request's user, for the API and for the page.</summary>
internal sealed class PasswordChange(PasswordStore passwords, IPasswordHasher<string> hasher, SignInLimits limits)
{
    public const string CurrentField = "currentPassword",
        Wrong = "is not the password of this account",
        NoPassword = "An operator sets the first one: jobs user password EMAIL.";

    /// <summary>Compares a password with that of a request's user, who is about to do what can't be taken back.</summary>
    public async Task<(bool IsRight, bool HasPassword, SignInTurn? Refused)> CheckAsync(
        HttpContext context,
        string password,
        CancellationToken ct
    )
    {
        if (await passwords.TryFindAsync(SessionPrincipal.Of(context).UserId, ct) is not (var email, { } stored))
            return (false, false, null);
        var client = context.Connection.RemoteIpAddress;
        using (var turn = await limits.EnterAsync(client, email, ct))
        {
            if (turn.Lease is null)
                return (false, true, turn);
            if (hasher.VerifyHashedPassword(email, stored, password) == PasswordVerificationResult.Failed)
                return (false, true, null);
        }
        await limits.SucceededAsync(client, email);
        return (true, true, null);
    }

    public async Task<PasswordAnswer> TryAsync(HttpContext context, PasswordChangeRequest asked, CancellationToken ct)
    {
        var user = SessionPrincipal.Of(context).UserId;
        if (await passwords.TryFindAsync(user, ct) is not (var email, { } stored))
            return new(null, HasPassword: false);
        var client = context.Connection.RemoteIpAddress;
        string hash;
        using (var turn = await limits.EnterAsync(client, email, ct))
        {
            if (turn.Lease is null)
                return new(null, turn);
            if (hasher.VerifyHashedPassword(email, stored, asked.CurrentPassword!) == PasswordVerificationResult.Failed)
                return new(null);
            hash = hasher.HashPassword(email, asked.NewPassword!);
        }
        await limits.SucceededAsync(client, email);
        return new(await passwords.ChangeAsync(user, stored, hash, SessionPrincipal.HashOf(context), SessionPrincipal.ActorOf(context)));
    }
}
