using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>A run in a list.</summary>
/// <param name="Night">What it computed, such as a market and a date; of a warm, that it is one.</param>
/// <param name="Deadline">Its night against the deadline; null for a run of no scheduled night.</param>
/// <param name="Failed">Null when nobody failed.</param>
public sealed record RunRow(
    string Path,
    string Night,
    string Detail,
    string State,
    string Word,
    string? Deadline,
    MomentViewModel StartedAt,
    string Duration,
    string Users,
    string? Failed,
    string Trigger
);

/// <summary>The runs, filtered, a page at a time.</summary>
/// <param name="Errors">Of the filter, by field.</param>
/// <param name="Next">Address of the next page; null on the last.</param>
/// <param name="First">Address of the first page; null on it.</param>
public sealed record RunsViewModel(
    IReadOnlyList<RunRow> Rows,
    IReadOnlyList<(string Code, string Name)> Markets,
    string Kind,
    string Market,
    string Date,
    string Status,
    string State,
    IDictionary<string, string[]> Errors,
    string? Next,
    string? First
)
{
    public bool IsFiltered => Kind.Length + Market.Length + Date.Length + Status.Length + State.Length > 0;
}

/// <summary>The form that starts a run.</summary>
/// <param name="Error">What was wrong with the form that was sent; null at first.</param>
public sealed record NewRunViewModel(
    IReadOnlyList<(string Code, string Name)> Markets,
    string Market,
    string Date,
    bool Again,
    string? Error
);

/// <summary>One run.</summary>
/// <param name="Live">Where its events come from; null once it is finished.</param>
/// <param name="Percent">How far it is, 0 to 100, for the picture; null once it is finished.</param>
/// <param name="Waterfall">Null for a run without steps, such as a warm.</param>
/// <param name="Retry">Where the form that retries it goes; null where there is nothing to retry.</param>
public sealed record RunViewModel(
    string Title,
    string Eyebrow,
    string State,
    string Word,
    string Lead,
    string? Error,
    string? Live,
    string? Percent,
    IReadOnlyList<(string Name, TimedText Value)> Facts,
    WaterfallViewModel? Waterfall,
    IReadOnlyList<FailureRow> Failures,
    string FailureSentence,
    string? NextFailures,
    string? Retry,
    string? Done,
    string Self
);

/// <summary>The steps of a run along its time.</summary>
public sealed record WaterfallViewModel(
    IReadOnlyList<WaterfallRow> Rows,
    IReadOnlyList<string> Ticks,
    string Legend,
    IReadOnlyList<BatchRow> Batches,
    string BatchSentence
);

/// <param name="Description">The row in words.</param>
public sealed record WaterfallRow(string Label, string Duration, string Description, IReadOnlyList<WaterfallBar> Bars, bool IsBatches);

/// <param name="At">Place and width in percent, with a decimal point.</param>
/// <param name="Kind">done, running or failed.</param>
public sealed record WaterfallBar(string At, string Width, string Kind);

public sealed record BatchRow(
    string Number,
    string Users,
    string Failed,
    string State,
    string Word,
    string From,
    string Took,
    string Cached,
    string Tries
);

public sealed record FailureRow(string User, string UserPath, string Stage, string Reason, string? Detail, MomentViewModel OccurredAt);
