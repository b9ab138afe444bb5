namespace Overnight.Api.Dashboard;

// The shape of the answer, for the OpenAPI document only: the bytes are serialised once, by the run. Decimals are strings, times
// are ISO 8601 UTC.

internal sealed record DashboardDocument(DashboardData Data);

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
    int Schema,
    string Checksum
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

internal sealed record RecommendationDocument(
    Guid AssetId,
    string Symbol,
    string Score,
    string Amount,
    string Currency,
    string AllocationGap,
    BreakdownDocument Breakdown
);

internal sealed record BreakdownDocument(int CriteriaCount, string TopContributor);

internal sealed record PortfolioSummaryDocument(string TotalValue, string BaseCurrency, IReadOnlyDictionary<string, string> Allocations);

/// <param name="PricesStale">Whether a price is the last stored one, because no provider delivered it. This and the next two are there
/// only when one of them is true.</param>
/// <param name="RatesStale">The same of exchange rates.</param>
/// <param name="StaleSince">Time of the oldest such value.</param>
internal sealed record DataFreshnessDocument(
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf,
    string CriteriaVersion,
    bool? PricesStale,
    bool? RatesStale,
    DateTimeOffset? StaleSince
);
