using Npgsql;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Erasures;
using Overnight.Core.Sessions;

namespace Overnight.Api.Account;

/// <summary>How a request for the erasure of its own user ended; with nothing of this, the password was wrong.</summary>
/// <param name="Receipt">Not completed while a jobs process, or what it waits for, does not answer.</param>
/// <param name="Refused">The limit that refused it.</param>
/// <param name="Title">Why the account can't be erased, in short; null where it can.</param>
/// <param name="Detail">The same in a sentence.</param>
internal readonly record struct OwnErasureAnswer(
    ErasureStatus? Receipt = null,
    SignInTurn? Refused = null,
    string? Title = null,
    string? Detail = null
);

/// <summary>Erases the user of a request, for the API and for the page.</summary>
internal sealed class OwnErasure(
    PasswordChange passwords,
    ErasureRequests requests,
    SessionRevocation sessions,
    NpgsqlDataSource database,
    TimeProvider time
)
{
    /// <summary>How long an answer waits for the erasure, which usually takes a second.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public async Task<OwnErasureAnswer> TryAsync(HttpContext context, string password, CancellationToken ct)
    {
        var checkedPassword = await passwords.CheckAsync(context, password, ct);
        if (checkedPassword.Refused is { } turn)
            return new(Refused: turn);
        if (!checkedPassword.HasPassword)
            return new(Title: "This account has no password", Detail: PasswordChange.NoPassword);
        if (!checkedPassword.IsRight)
            return new();
        var (user, actor) = (SessionPrincipal.Of(context).UserId, SessionPrincipal.ActorOf(context));
        Guid? requested;
        try
        {
            requested = await requests.RequestAsync(user, actor, ct);
        }
        catch (RequestException refused)
        {
            return new(Title: "The account was not erased", Detail: refused.Message);
        }
        if (requested is not { } erasure)
            return new(Title: "The account is erased", Detail: "Another request has erased the account meanwhile.");
        // What follows can't be taken back, whether or not anybody waits for the answer.
        await sessions.RevokeOfUserAsync(user, actor, SessionEnd.ByOwner);
        return new(await WaitAsync(erasure, ct));
    }

    private async Task<ErasureStatus> WaitAsync(Guid erasure, CancellationToken ct)
    {
        var begin = time.GetTimestamp();
        while (true)
        {
            var receipt = (await DatabaseRetry.ReadAsync(() => ErasureStatus.FindAsync(database, erasure, ct)))!;
            if (receipt.CompletedAt is not null || time.GetElapsedTime(begin) >= Patience)
                return receipt;
            await Task.Delay(Pause, time, ct);
        }
    }
}
