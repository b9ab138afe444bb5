namespace Overnight.Core.Market.Calendars;

/// <summary>From best to worst.</summary>
public enum FreshnessStatus
{
    Fresh,
    Provisional,
    Delayed,
    Stale,
}

/// <summary>What a result says of its age; times are UTC, and one at midnight is a date alone.</summary>
/// <param name="GeneratedAt">Null when it can't be read.</param>
/// <param name="PricesAsOf">Of the newest price; null without prices.</param>
/// <param name="RatesAsOf">Of the newest exchange rate; null without rates.</param>
/// <param name="PricesStale">Whether stored prices stand in, because a provider failed.</param>
/// <param name="RatesStale">The same of exchange rates.</param>
/// <param name="StaleSince">Of the oldest value that stands in.</param>
public readonly record struct ResultTimes(
    DateTimeOffset? GeneratedAt,
    DateTimeOffset? PricesAsOf = null,
    DateTimeOffset? RatesAsOf = null,
    bool PricesStale = false,
    bool RatesStale = false,
    DateTimeOffset? StaleSince = null
);

/// <param name="Reason">One sentence of ASCII that needs no escaping in JSON.</param>
public readonly record struct FreshnessVerdict(FreshnessStatus Status, string Reason);

/// <summary>
/// What a person is told about the age of a result (SPEC C3), in this order: stale when two nights that should have replaced it are
/// missing, or when its prices or rates were too old when it was computed; delayed when one night is past its deadline; provisional
/// when stored values stand in; else fresh. So Friday's is fresh all weekend, and a result of this morning over last month's rates is
/// stale.
/// </summary>
public static class Freshness
{
    private static readonly TimeSpan Oldest = TimeSpan.FromDays(366);

    /// <summary>A date alone may be a day ahead; beyond it, a time is a mistake.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(1);

    /// <param name="markets">The user's; the one that fared worst decides.</param>
    public static FreshnessVerdict Judge(in ResultTimes result, DateTimeOffset now, IReadOnlyList<MarketCalendar> markets)
    {
        ArgumentNullException.ThrowIfNull(markets);
        if (result.GeneratedAt is not { } generatedAt || generatedAt < now - Oldest)
            return new(FreshnessStatus.Stale, "It was computed over a year ago.");
        // The clock of the machine that computed it may be ahead of this one's.
        if (generatedAt > now)
            generatedAt = now;
        if (result.PricesAsOf > generatedAt + Ahead)
            return new(FreshnessStatus.Stale, "Its prices are dated in the future, so how old they are is not known.");
        if (result.RatesAsOf > generatedAt + Ahead)
            return new(FreshnessStatus.Stale, "Its exchange rates are dated in the future, so how old they are is not known.");
        FreshnessVerdict? worst = null;
        for (var i = 0; i < markets.Count; i++)
        {
            var verdict = markets[i].Freshness.At(generatedAt).Judge(result, now);
            if (worst is null || verdict.Status > worst.Value.Status)
                worst = verdict;
        }
        return worst ?? new(FreshnessStatus.Fresh, "No market says when it should be replaced.");
    }

    public static string Name(this FreshnessStatus status) =>
        status switch
        {
            FreshnessStatus.Fresh => "fresh",
            FreshnessStatus.Provisional => "provisional",
            FreshnessStatus.Delayed => "delayed",
            FreshnessStatus.Stale => "stale",
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Unknown status."),
        };
}
