using Overnight.Api.Pages.Dashboard;

namespace Overnight.Api.Pages.Account;

/// <summary>The signed-in user's account.</summary>
/// <param name="Done">What a form before has done, in a sentence; null for none.</param>
/// <param name="Failed">Why a form did nothing, where it is no field's fault.</param>
/// <param name="Errors">Of the password's form, by field.</param>
/// <param name="HasOthers">Whether there is a session beside the current one.</param>
/// <param name="MoreSessions">Address of the next ones; null after the last.</param>
/// <param name="MoreReads">Address of the next reads; null after the last.</param>
public sealed record AccountViewModel(
    string Email,
    bool HasPassword,
    string? Done,
    string? Failed,
    IDictionary<string, string[]> Errors,
    IReadOnlyList<SessionRow> Sessions,
    bool HasOthers,
    string? MoreSessions,
    IReadOnlyList<ReadRow> Reads,
    string? MoreReads
);

/// <param name="Program">The browser and the system it runs on.</param>
/// <param name="Address">Address that it was made from.</param>
public sealed record SessionRow(
    string Id,
    string Program,
    string Address,
    MomentViewModel CreatedAt,
    MomentViewModel LastActiveAt,
    MomentViewModel ExpiresAt,
    bool IsCurrent
);

/// <summary>Somebody else opened one of the user's results.</summary>
public sealed record ReadRow(MomentViewModel At, string Reader, string Night, string Path);
