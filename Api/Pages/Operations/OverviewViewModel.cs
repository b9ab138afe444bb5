using Overnight.Api.Pages.Dashboard;
using Overnight.Api.Pages.Layout;

namespace Overnight.Api.Pages.Operations;

/// <summary>The overview: one card a thing.</summary>
/// <param name="Headline">Whether tonight will be well.</param>
/// <param name="Lead">What comes next.</param>
/// <param name="LeadAt">When it does; null where nothing does.</param>
/// <param name="State">fresh, running or wrong.</param>
/// <param name="NowAt">Place of the present on the markets' lanes, in percent.</param>
public sealed record OverviewViewModel(
    string Headline,
    string Lead,
    MomentViewModel? LeadAt,
    string State,
    IReadOnlyList<MarketLane> Markets,
    IReadOnlyList<LaneTick> Ticks,
    string NowAt,
    RunRow? LastRun,
    bool IsLastRunLive,
    IReadOnlyList<WorkerRow> Workers,
    CacheCard Cache,
    WarmingCard Warming,
    ProvidersCard? Providers,
    IReadOnlyList<FindingRow> Findings,
    string? NotChecked
);

/// <summary>A market's night along a day.</summary>
/// <param name="Sentence">What it is at, or why it has no night.</param>
/// <param name="NextAt">When its next night is due; null where the schedule starts none.</param>
/// <param name="NoNext">Why, where it starts none.</param>
/// <param name="RunPath">Where the run is that the sentence is about; null where it is about none.</param>
/// <param name="DueAt">Places of the moments on its lane, in percent; null for those outside.</param>
/// <param name="ForecastAt">When the night under way will be done; null for one that is not.</param>
/// <param name="Run">The bar of its last run; null where that is outside.</param>
/// <param name="Description">The lane in words.</param>
public sealed record MarketLane(
    string Code,
    string Name,
    string State,
    string Word,
    TimedText Sentence,
    MomentViewModel? NextAt,
    TimedText NoNext,
    string? RunPath,
    string? DueAt,
    string? DeadlineAt,
    string? OpenAt,
    string? ForecastAt,
    WaterfallBar? Run,
    TimedText Description
);

/// <summary>A full hour below the lanes.</summary>
public sealed record LaneTick(string At, string Iso, string Text);

public sealed record WorkerRow(string Host, int ProcessId, bool IsSilent, MomentViewModel StartedAt, MomentViewModel SeenAt);

public sealed record CacheCard(string State, string Word, string HitRate, string Sentence, string? Outage);

/// <param name="Broken">Sets whose last warm broke or failed in part, and those that are paused.</param>
public sealed record WarmingCard(
    string State,
    string Word,
    string Sentence,
    IReadOnlyList<TimedText> Broken,
    MomentViewModel? NextAt,
    string? NextSet
);

public sealed record ProvidersCard(IReadOnlyList<ProviderRow> Rows);

public sealed record FindingRow(TimedText What, MomentViewModel? Since, TimedText Advice);
