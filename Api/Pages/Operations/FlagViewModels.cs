using Overnight.Api.Pages.Dashboard;

namespace Overnight.Api.Pages.Operations;

/// <summary>The flags of this environment, a page at a time.</summary>
public sealed record FlagsViewModel(IReadOnlyList<FlagRow> Rows, string? Next, string? First);

public sealed record FlagRow(
    string Path,
    string Key,
    bool Enabled,
    string Value,
    string Description,
    MomentViewModel UpdatedAt,
    string Uses,
    MomentViewModel? UsedAt
);

/// <summary>One flag with the form that changes it and its changes.</summary>
/// <param name="Version">The version that the form is meant for.</param>
/// <param name="Value">JSON; empty for none.</param>
/// <param name="Error">What was wrong with the form that was sent; null at first.</param>
/// <param name="Conflict">What the flag has become meanwhile; null where nothing came between.</param>
public sealed record FlagViewModel(
    string Key,
    string Path,
    string Version,
    bool Enabled,
    string Value,
    string Description,
    string? Error,
    FlagConflict? Conflict,
    IReadOnlyList<FlagChangeRow> Changes,
    string? Done
);

/// <summary>Both sides of a conflict, field by field.</summary>
/// <param name="Now">The version that the flag has now.</param>
/// <param name="By">Who made it.</param>
public sealed record FlagConflict(string Now, MomentViewModel At, string By, IReadOnlyList<FlagDifference> Fields);

public sealed record FlagDifference(string Name, string Theirs, string Yours)
{
    public bool IsSame => Theirs == Yours;
}

public sealed record FlagChangeRow(string Version, MomentViewModel At, string By, IReadOnlyList<string> Changed);
