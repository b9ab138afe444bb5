using System.Globalization;
using Overnight.Api.Pages.Display;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>The dashboard's content as it is shown: every number is text in the reader's formats.</summary>
public sealed record DashboardViewModel
{
    public required string Eyebrow { get; init; }

    /// <summary>The contribution; null where the headline is words.</summary>
    public string? Contribution { get; init; }
    public required string Currency { get; init; }
    public required string Headline { get; init; }

    /// <summary>Why these, in one or two sentences.</summary>
    public required string Lead { get; init; }
    public required FreshnessViewModel Trust { get; init; }

    /// <summary>What to buy; where nothing is bought, the first holdings in order.</summary>
    public required IReadOnlyList<HoldingRow> Rows { get; init; }
    public bool HasAmounts { get; init; }
    public string TableTitle =>
        HasAmounts ? "What to buy"
        : Rows.Count > 0 ? "Your holdings, in order"
        : "Your holdings";
    public bool HasClasses { get; init; }
    public required string Sum { get; init; }
    public required string Rest { get; init; }

    /// <summary>Rows that are not on the page, in words; null for none.</summary>
    public string? Cut { get; init; }

    /// <summary>Holdings that get nothing.</summary>
    public IReadOnlyList<HoldingRow> Others { get; init; } = [];
    public IReadOnlyList<NoteViewModel> Notes { get; init; } = [];
    public AllocationViewModel? Allocation { get; init; }
    public IReadOnlyList<(string Name, string Value)> Facts { get; init; } = [];
}

/// <summary>How far to trust the result.</summary>
/// <param name="State">fresh, provisional, delayed or stale.</param>
/// <param name="Word">The state in a word.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="Advice">What to make of it; null where there is nothing to do.</param>
/// <param name="Sources">Times of what it was computed from, each after the words that lead to it.</param>
/// <param name="NextAt">When the next night begins; null where none is known.</param>
/// <param name="NextMarket">The market it is of.</param>
/// <param name="Source">Where the answer came from and how long that took.</param>
/// <param name="Outage">A sentence while PostgreSQL is away.</param>
public sealed record FreshnessViewModel(
    string State,
    string Word,
    string Reason,
    string? Advice,
    MomentViewModel? ComputedAt,
    IReadOnlyList<(string Words, MomentViewModel Moment)> Sources,
    MomentViewModel? NextAt,
    string? NextMarket,
    string Source,
    string? Outage
);

/// <param name="Iso">For programs and the script, which shows it in the reader's time zone.</param>
/// <param name="HasTime">False for a date without a time, which is the same in every time zone.</param>
public sealed record MomentViewModel(string Iso, string Text, bool HasTime)
{
    /// <summary>For what data is of, where midnight means the whole day.</summary>
    internal static MomentViewModel AsOf(DateTimeOffset moment, DisplayFormats formats) =>
        moment.TimeOfDay == TimeSpan.Zero
            ? new(moment.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), formats.Date(moment), HasTime: false)
            : Of(moment, formats);

    /// <summary>For what happens at a time, which may be midnight.</summary>
    internal static MomentViewModel Of(DateTimeOffset moment, DisplayFormats formats) =>
        new(moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), formats.Moment(moment), HasTime: true);
}

/// <summary>Why there is no result to show.</summary>
/// <param name="Reason">A reason of <see cref="Overnight.Api.Dashboard.MissingResultReason"/>.</param>
/// <param name="Detail">The same in a sentence.</param>
/// <param name="NextAt">When the next night begins.</param>
public sealed record MissingViewModel(string Reason, string Detail, MomentViewModel? NextAt, string? NextMarket);

/// <param name="Part">Share of the contribution; null without an amount.</param>
/// <param name="BarWidth">The same for the picture, 0 to 100, with a decimal point.</param>
/// <param name="Why">What it has most of its score from.</param>
public sealed record HoldingRow(
    string Rank,
    string Symbol,
    string? Name,
    string? ClassName,
    string Amount,
    string? Part,
    string BarWidth,
    string Score,
    string Gap,
    string? Why
)
{
    /// <summary>The page that explains the amount; null where there is none.</summary>
    public string? Link { get; init; }
}

/// <summary>A sentence that begins with words in bold.</summary>
public sealed record NoteViewModel(string Strong, string Text);

/// <summary>Shares of the classes as a picture and a table.</summary>
/// <param name="Description">The picture in words.</param>
/// <param name="Height">Of the picture, in pixels.</param>
public sealed record AllocationViewModel(
    IReadOnlyList<AllocationRow> Rows,
    IReadOnlyList<AxisTick> Ticks,
    string Description,
    int Height,
    bool HasTargets
);

/// <summary>One class. Places are percent of the picture's width, or pixels from its top.</summary>
/// <param name="Label">The class's name, cut to what fits beside the numbers of a narrow page.</param>
/// <param name="State">over, under, or empty for within its range.</param>
public sealed record AllocationRow(
    string ClassName,
    string Label,
    string Current,
    string? After,
    string? Target,
    string State,
    int TextTop,
    int Middle,
    string CurrentAt,
    string? AfterAt,
    string? BandAt,
    string? BandWidth
);

/// <param name="At">Percent of the picture's width.</param>
public sealed record AxisTick(string At, string Text);
