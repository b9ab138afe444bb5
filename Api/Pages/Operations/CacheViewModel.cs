using Overnight.Api.Pages.Dashboard;

namespace Overnight.Api.Pages.Operations;

/// <summary>How the cache serves, now and in the last hours.</summary>
/// <param name="Spans">The numbers of hours to choose from.</param>
/// <param name="Minutes">The latest points of the curves, latest first.</param>
/// <param name="Figures">Name, in the last five minutes, since the start.</param>
/// <param name="Comparison">Null while the database does not answer.</param>
/// <param name="Error">What was wrong with the form that was sent; null at first.</param>
public sealed record CacheViewModel(
    string State,
    string Word,
    string Lead,
    IReadOnlyList<SpanLink> Spans,
    IReadOnlyList<CurveViewModel> Curves,
    IReadOnlyList<LaneTick> Ticks,
    IReadOnlyList<MinuteRow> Minutes,
    IReadOnlyList<(string Name, string Latest, string All)> Figures,
    IReadOnlyList<CacheSetRow> Sets,
    ComparisonViewModel? Comparison,
    string Pattern,
    string Tenant,
    string? Error,
    string? Done
);

/// <param name="State">The icon beside the sentence.</param>
/// <param name="LastAt">When entries were last compared; null before the first.</param>
/// <param name="LastDifferingAt">When one last differed; null when none ever did.</param>
public sealed record ComparisonViewModel(
    string State,
    string Word,
    string Sentence,
    MomentViewModel? LastAt,
    MomentViewModel? LastDifferingAt
);

public sealed record SpanLink(string Path, string Text, bool IsCurrent);

/// <param name="Line">Path data in a box of 1000 x 120.</param>
/// <param name="At">When the value of the sentence was; null without one.</param>
public sealed record CurveViewModel(
    string Id,
    string Title,
    string Now,
    string Sentence,
    MomentViewModel? At,
    string Description,
    string Line,
    string Area
);

public sealed record MinuteRow(MomentViewModel At, string Hits, string Misses, string HitRate, string HitTime, string Sets, string Errors);

public sealed record CacheSetRow(string Name, string Hits, string Misses, string HitRate);
