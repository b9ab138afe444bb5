using Microsoft.AspNetCore.WebUtilities;
using Overnight.Api.Audit;
using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Display;
using Overnight.Api.Paging;
using Overnight.Api.Sessions;
using Overnight.Core;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.Account;

/// <summary>What a form of the account's page came to.</summary>
/// <param name="Done">Name of what was done, see <see cref="AccountViewModelBuilder"/>.</param>
internal readonly record struct AccountOutcome(string? Done = null, string? Failed = null, IDictionary<string, string[]>? Errors = null);

/// <summary>Reads what the account's page shows.</summary>
internal sealed class AccountViewModelBuilder(PasswordStore passwords, SessionList sessions, ResultReads reads, DisplayCultures cultures)
{
    public const string PasswordDone = "password",
        SessionDone = "session",
        OthersDone = "others";

    /// <summary>Rows of each table.</summary>
    private const int Shown = 20;

    private static readonly Dictionary<string, string> Sentences = new(StringComparer.Ordinal)
    {
        [PasswordDone] = "The password is changed, and all other sessions are ended.",
        [SessionDone] = "The session is ended, on every device within seconds.",
        [OthersDone] = "All other sessions are ended.",
    };

    public async Task<AccountViewModel> ReadAsync(
        HttpContext context,
        SessionCursor? afterSession,
        ReadCursor? afterRead,
        AccountOutcome outcome,
        CancellationToken ct
    )
    {
        var (user, current) = (SessionPrincipal.Of(context).UserId, SessionPrincipal.HashOf(context));
        var formats = cultures.Of(context.Request);
        var (email, stored) = await passwords.FindAsync(user, ct);
        PageQuery<SessionCursor> sessionPage = new(Shown, afterSession);
        var own = Listed<SessionRow>.Of(
            await sessions.ReadAsync(user, sessionPage, current, ct),
            sessionPage,
            row => new SessionCursor(row.CreatedAt, row.Id),
            row => Row(row, formats)
        );
        PageQuery<ReadCursor> readPage = new(Shown, afterRead);
        var opened = Listed<ReadRow>.Of(
            await reads.ListAsync(user, readPage, ct),
            readPage,
            row => new ReadCursor(row.Number),
            row => Row(row, formats)
        );
        return new(
            email,
            stored is not null,
            outcome.Done is { } done && Sentences.TryGetValue(done, out var sentence) ? sentence : null,
            outcome.Failed,
            outcome.Errors ?? new Dictionary<string, string[]>(StringComparer.Ordinal),
            own.Items,
            own.NextCursor is not null || own.Items.Any(row => !row.IsCurrent),
            Address("sessions", own.NextCursor),
            opened.Items,
            Address("reads", opened.NextCursor)
        );
    }

    /// <returns>Null for nothing that a form does.</returns>
    public static string? Known(string? done) => done is not null && Sentences.ContainsKey(done) ? done : null;

    private static SessionRow Row(SessionItem item, DisplayFormats formats) =>
        new(
            item.Id,
            ClientNames.Of(item.UserAgent),
            item.Address ?? "address not known",
            MomentViewModel.Of(item.CreatedAt, formats),
            MomentViewModel.Of(item.LastActiveAt, formats),
            MomentViewModel.Of(item.ExpiresAt, formats),
            item.IsCurrent
        );

    private static ReadRow Row(ResultReadItem item, DisplayFormats formats) =>
        new(
            MomentViewModel.Of(item.ReadAt, formats),
            item.Reader switch
            {
                "admin-key" => "A program with the admin key",
                "command" => "An operator, by a command",
                _ => "An administrator",
            },
            formats.Sentence(IsoDate.Of(item.BusinessDate)),
            PagePaths.HistoryOf(item.RunId)
        );

    private static string? Address(string name, string? cursor) =>
        cursor is null ? null : QueryHelpers.AddQueryString(PagePaths.Account, name, cursor);
}
