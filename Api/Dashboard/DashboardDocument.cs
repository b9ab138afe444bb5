namespace Overnight.Api.Dashboard;

// The shape of the answer, for the OpenAPI document only: the bytes are serialised once, by the run. Decimals are strings, times
// are ISO 8601 UTC. Optional parameters are fields that some answers lack.

internal sealed record DashboardDocument(DashboardData Data);

/// <param name="LeftOut">Holdings without a price.</param>
/// <param name="Classes">Shares of the classes; absent in results of earlier builds.</param>
internal sealed record DashboardData(
    bool FromCache,
    FreshnessDocument Freshness,
    Guid UserId,
    DateTimeOffset GeneratedAt,
    IReadOnlyList<RecommendationDocument> Recommendations,
    PortfolioSummaryDocument PortfolioSummary,
    DataFreshnessDocument DataFreshness,
    string TotalInvestable,
    string BaseCurrency,
    string Unallocated,
    IReadOnlyList<LeftOutDocument> LeftOut,
    RunDocument Run,
    int Schema,
    string Checksum,
    IReadOnlyList<ClassShareDocument>? Classes = null
);

/// <param name="GeneratedAt">When the result was computed.</param>
/// <param name="PricesAsOf">Time of the newest price used.</param>
/// <param name="RatesAsOf">Time of the newest exchange rate used.</param>
/// <param name="Status">fresh, delayed, stale or provisional, by the calendars of the user's markets.</param>
/// <param name="Reason">Why, in one sentence.</param>
internal sealed record FreshnessDocument(
    DateTimeOffset GeneratedAt,
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf,
    string Status,
    string Reason
);

/// <param name="Name">Name of the asset; null when it has none. Name, class name and rank are absent in results of earlier builds.</param>
/// <param name="ClassName"><c>unclassified</c> for a holding without a class.</param>
/// <param name="Rank">1 for the first.</param>
internal sealed record RecommendationDocument(
    Guid AssetId,
    string Symbol,
    string Score,
    string Amount,
    string Currency,
    string AllocationGap,
    BreakdownDocument Breakdown,
    string? Name = null,
    string? ClassName = null,
    int? Rank = null
);

internal sealed record BreakdownDocument(int CriteriaCount, string TopContributor);

internal sealed record PortfolioSummaryDocument(string TotalValue, string BaseCurrency, IReadOnlyDictionary<string, string> Allocations);

/// <summary>A class's shares of the portfolio, in percent.</summary>
/// <param name="After">100 x (class value + amounts of the class) / (total value + all amounts).</param>
internal sealed record ClassShareDocument(string ClassName, string Current, string TargetMin, string TargetMax, string After);

/// <param name="Reason">Always <c>no_price</c>.</param>
internal sealed record LeftOutDocument(Guid AssetId, string Symbol, string Reason);

/// <summary>The run that computed the result.</summary>
internal sealed record RunDocument(string Market, DateOnly BusinessDate, int Revision, Guid CorrelationId);

/// <param name="PricesStale">Whether a price is the last stored one, because no provider delivered it. This and the next two are there
/// only when one of them is true.</param>
/// <param name="RatesStale">The same of exchange rates.</param>
/// <param name="StaleSince">Time of the oldest such value.</param>
internal sealed record DataFreshnessDocument(
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf,
    string CriteriaVersion,
    bool? PricesStale = null,
    bool? RatesStale = null,
    DateTimeOffset? StaleSince = null
);
