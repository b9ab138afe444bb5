using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>Users whose address begins with a text, a page at a time.</summary>
/// <param name="Errors">Of the filter, by field.</param>
public sealed record UsersViewModel(
    IReadOnlyList<UserRow> Rows,
    string Query,
    string Banned,
    IDictionary<string, string[]> Errors,
    string? Next,
    string? First
);

public sealed record UserRow(string Path, string Email, string Name, string Role, string Markets, MomentViewModel? BannedAt);

/// <summary>One user, with the sessions that are neither ended nor expired.</summary>
/// <param name="IsSelf">Whether it is the account that looks at the page, which can't ban itself.</param>
public sealed record UserViewModel(
    string Id,
    string Path,
    string Email,
    string Name,
    string Role,
    MomentViewModel? BannedAt,
    bool IsSelf,
    IReadOnlyList<(string Name, TimedText Value)> Facts,
    IReadOnlyList<SessionRow> Sessions,
    string? NextSessions,
    string? Done
)
{
    /// <summary>Address of the action log about the user.</summary>
    public string LogPath => OperationsPaths.With(OperationsPaths.Log, ("user", Id));
}

/// <param name="Id">The hash of the token; the page shows its beginning.</param>
public sealed record SessionRow(
    string Id,
    string ShortId,
    MomentViewModel CreatedAt,
    MomentViewModel ExpiresAt,
    MomentViewModel LastActiveAt,
    string From,
    string? Client,
    bool IsCurrent
);
