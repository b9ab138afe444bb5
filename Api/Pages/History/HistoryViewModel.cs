using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.History;

/// <summary>A page of the own results.</summary>
/// <param name="Rows">Newest first.</param>
/// <param name="Older">Address of the next page; null on the last.</param>
/// <param name="Newest">Address of the first page; null on it.</param>
public sealed record HistoryViewModel(HistoryFilterViewModel Filter, IReadOnlyList<HistoryRow> Rows, string? Older, string? Newest);

/// <summary>The form above the list, with what was typed.</summary>
/// <param name="Markets">Codes to choose from.</param>
/// <param name="Errors">By field.</param>
public sealed record HistoryFilterViewModel(
    IReadOnlyList<string> Markets,
    string Market,
    string From,
    string Until,
    IDictionary<string, string[]> Errors
)
{
    public bool IsAny => Market.Length > 0 || From.Length > 0 || Until.Length > 0;
}

/// <summary>One night of the user.</summary>
/// <param name="Night">Its business date.</param>
/// <param name="Revision">Null for the first.</param>
/// <param name="State">done, failed or gone.</param>
/// <param name="Words">What it came to.</param>
/// <param name="Amount">What was to be bought, in <paramref name="Currency"/>; null for nothing.</param>
/// <param name="Portfolio">Value of the portfolio that night; null where the result is not stored.</param>
public sealed record HistoryRow(
    string Path,
    string Night,
    string Market,
    string? Revision,
    string State,
    string Words,
    string? Amount,
    string? Portfolio,
    string? Currency,
    MomentViewModel ComputedAt
);

/// <summary>One result of the past with its audit events.</summary>
/// <param name="Result">Null where there is none: the calculation failed, or the result is not stored any more.</param>
/// <param name="Events">Null where they can't be read or are not stored.</param>
/// <param name="Note">Why a part is missing.</param>
public sealed record PastViewModel(
    string Title,
    Guid Run,
    string Path,
    DashboardViewModel? Result,
    string Headline,
    string Lead,
    IReadOnlyList<EventViewModel> Events,
    string? Note
);

/// <summary>One event of the audit trail.</summary>
public sealed record EventViewModel(
    string Title,
    MomentViewModel At,
    string Words,
    IReadOnlyList<(string Name, TimedText Value)> Facts,
    IReadOnlyList<EventTable> Tables
);

/// <param name="Columns">Headings; those of numbers begin with <c>#</c>, which is not shown.</param>
public sealed record EventTable(string Caption, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
