using Microsoft.AspNetCore.Http.HttpResults;
using Overnight.Api.Admin;
using Overnight.Api.Operations;
using Overnight.Api.Pages.Display;
using Overnight.Api.Pages.Forms;
using Overnight.Api.Pages.Layout;
using Overnight.Api.Paging;
using Overnight.Api.Problems;
using Overnight.Api.Sessions;
using Overnight.Core.Sessions;

namespace Overnight.Api.Pages.Operations;

/// <summary>Pages of users: the search, one user with the open sessions, and the forms that end sessions, ban and lift bans.</summary>
internal static class UserPageRoutes
{
    /// <summary>Characters of a session's id that name it.</summary>
    private const int ShortId = 8;

    public static void MapUserPages(this RouteGroupBuilder pages, RouteGroupBuilder forms)
    {
        const string One = $"{OperationsPaths.Users}/{{id}}";
        pages.MapGet(OperationsPaths.Users, SearchAsync);
        pages.MapGet(One, GetAsync);
        forms.MapPost($"{One}/ban", BanAsync);
        forms.MapPost($"{One}/unban", UnbanAsync);
        forms.MapPost($"{One}/sessions/end", EndSessionsAsync);
    }

    private static async Task<IResult> SearchAsync(
        HttpContext context,
        string? query,
        string? banned,
        string? cursor,
        UserSearch users,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        QueryErrors errors = new();
        var beginning = UserSearch.Beginning(query, errors);
        var isBanned = UserSearch.Banned(OperationsPaths.Given(banned), errors);
        var page = PageQuery<UserEmailCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.IsOf("cursor"))
            return errors.ToProblem();
        OperationsFormats formats = new(cultures.Of(context.Request));
        List<UserItem> rows =
            errors.Any ? []
            : Guid.TryParseExact(beginning, "D", out var id) ? await OneAsync(users, id, ct)
            : await users.FindAsync(beginning, isBanned, page, ct);
        var listed = Listed<UserRow>.Of(
            rows,
            page,
            user => new UserEmailCursor(user.Email),
            user => new UserRow(
                OperationsPaths.User(user.Id),
                user.Email,
                user.DisplayName,
                user.Role,
                string.Join(", ", user.Markets),
                formats.Moment(user.BannedAt)
            )
        );
        return new PageResult<UsersPage>(
            frames.Of(context),
            new UsersViewModel(
                listed.Items,
                errors.IsOf("query") ? DisplayText.Short(query ?? "") : beginning,
                DisplayText.Short(banned ?? ""),
                errors.ByField,
                listed.NextCursor is null ? null : Address(listed.NextCursor),
                page.After is null ? null : Address(null)
            ),
            errors.Any ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK
        );

        string Address(string? at) => OperationsPaths.With(OperationsPaths.Users, ("query", beginning), ("banned", banned), ("cursor", at));
    }

    private static async Task<List<UserItem>> OneAsync(UserSearch users, Guid id, CancellationToken ct) =>
        await users.FindAsync(id, ct) is { } one ? [one] : [];

    private static async Task<IResult> GetAsync(
        string id,
        string? done,
        string? cursor,
        HttpContext context,
        UserSearch users,
        SessionList sessions,
        PageFrames frames,
        DisplayCultures cultures,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var user, out var problem))
            return problem;
        QueryErrors errors = new();
        var page = PageQuery<SessionCursor>.Read(null, OperationsPaths.Given(cursor), errors);
        if (errors.Any)
            return errors.ToProblem();
        if (await users.FindAsync(user, ct) is not { } found)
            return UserAccessRoutes.UserNotFound(user);
        var principal = context.User as SessionPrincipal;
        var open = Listed<SessionItem>.Of(
            await sessions.ReadAsync(user, page, principal?.Hash, ct),
            page,
            session => new SessionCursor(session.CreatedAt, session.Id),
            session => session
        );
        OperationsFormats formats = new(cultures.Of(context.Request));
        var path = OperationsPaths.User(user);
        return new PageResult<UserPage>(
            frames.Of(context),
            new UserViewModel(
                $"{user:D}",
                path,
                found.Email,
                found.DisplayName,
                found.Role,
                formats.Moment(found.BannedAt),
                principal?.Session.UserId is { } own && own.Equals(user),
                Facts(found, formats),
                [.. open.Items.Select(session => Row(session, formats))],
                open.NextCursor is null ? null : OperationsPaths.With(path, ("cursor", open.NextCursor)),
                done
            )
        );
    }

    private static List<(string Name, TimedText Value)> Facts(UserItem user, OperationsFormats formats)
    {
        List<(string, TimedText)> facts =
        [
            ("Name", user.DisplayName),
            ("Role", user.Role),
            ("Markets", user.Markets.Count == 0 ? "none" : string.Join(", ", user.Markets)),
            ("Base currency", user.BaseCurrency),
            ("Since", formats.Moment(user.CreatedAt)),
            ("Id", $"{user.Id:D}"),
        ];
        if (user.TenantId is { } tenant)
            facts.Add(("Tenant", $"{tenant:D}"));
        return facts;
    }

    private static SessionRow Row(SessionItem session, OperationsFormats formats) =>
        new(
            session.Id,
            session.Id[..ShortId],
            formats.Moment(session.CreatedAt),
            formats.Moment(session.ExpiresAt),
            formats.Moment(session.LastActiveAt),
            session.Address ?? "an address that is not known",
            session.UserAgent,
            session.IsCurrent
        );

    private static async Task<IResult> BanAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation,
        UserSearch users,
        PageFrames frames,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        if (!AskViewModel.IsSure(form))
        {
            return await AskAsync(
                id,
                context,
                users,
                frames,
                user =>
                    new(
                        "Ban a user",
                        $"Ban {user.Email}?",
                        [
                            "Every session of the user ends on every node, and nobody signs in to the account until the ban is lifted.",
                            "Sessions that end now stay ended after that.",
                        ],
                        $"{OperationsPaths.User(user.Id)}/ban",
                        [],
                        "Ban the user",
                        OperationsPaths.User(user.Id)
                    ),
                ct
            );
        }
        var answer = await UserAccessRoutes.BanAsync(id, context, revocation);
        return answer.Result is Ok<BannedUser> { Value: { } banned }
            ? FormRoutes.GoTo(Outcomes.Of(OperationsPaths.User(banned.UserId), "banned"))
            : answer;
    }

    private static async Task<IResult> UnbanAsync(string id, HttpContext context, SessionRevocation revocation)
    {
        var answer = await UserAccessRoutes.UnbanAsync(id, context, revocation);
        return answer.Result is NoContent ? FormRoutes.GoTo(Outcomes.Of($"{OperationsPaths.Users}/{id}", "unbanned")) : answer;
    }

    private static async Task<IResult> EndSessionsAsync(
        string id,
        HttpContext context,
        SessionRevocation revocation,
        UserSearch users,
        PageFrames frames,
        CancellationToken ct
    )
    {
        var form = await context.Request.ReadFormAsync(ct);
        var session = OperationsPaths.Given(form["session"]);
        if (!AskViewModel.IsSure(form))
        {
            return await AskAsync(
                id,
                context,
                users,
                frames,
                user =>
                    new(
                        "End sessions",
                        session is null ? $"End every session of {user.Email}?" : $"End this session of {user.Email}?",
                        ["Every node refuses it from then on; the user signs in again with the password."],
                        $"{OperationsPaths.User(user.Id)}/sessions/end",
                        session is null ? [] : [("session", DisplayText.Short(session))],
                        session is null ? "End all sessions" : "End the session",
                        OperationsPaths.User(user.Id)
                    ),
                ct
            );
        }
        if (session is not null)
        {
            if (!InvalidId.TryRead(id, out var user, out var problem))
                return problem;
            // Ends the session only if it belongs to the user that the confirmation page named.
            var one = await UserAccessRoutes.RevokeAsync(session, user, context, revocation);
            return one.Result is Ok<RevokedSessions> ? FormRoutes.GoTo(Outcomes.Of(OperationsPaths.User(user), "session-ended")) : one;
        }
        var all = await UserAccessRoutes.RevokeOfUserAsync(id, context, revocation);
        return all.Result is Ok<RevokedSessions> ? FormRoutes.GoTo(Outcomes.Of($"{OperationsPaths.Users}/{id}", "sessions-ended")) : all;
    }

    private static async Task<IResult> AskAsync(
        string id,
        HttpContext context,
        UserSearch users,
        PageFrames frames,
        Func<UserItem, AskViewModel> ask,
        CancellationToken ct
    )
    {
        if (!InvalidId.TryRead(id, out var user, out var problem))
            return problem;
        return await users.FindAsync(user, ct) is { } found
            ? new PageResult<AskPage>(frames.Of(context), ask(found))
            : UserAccessRoutes.UserNotFound(user);
    }
}
