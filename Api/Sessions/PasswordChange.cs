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

    public async Task<PasswordAnswer> TryAsync(HttpContext context, PasswordChangeRequest asked, CancellationToken ct)
    {
        var user = SessionPrincipal.Of(context).UserId;
        var (email, stored) = await passwords.FindAsync(user, ct);
        if (stored is null)
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
