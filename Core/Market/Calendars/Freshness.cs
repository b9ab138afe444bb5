namespace Overnight.Core.Market.Calendars;

/// <summary>How current a result is, from best to worst.</summary>
public enum FreshnessStatus
{
    Fresh,
    Provisional,
    Delayed,
    Stale,
}

/// <summary>The times of a result and of the market data it used, in UTC; a time at midnight means a date without a time.</summary>
/// <param name="GeneratedAt">When it was computed; null when that can't be read.</param>
/// <param name="PricesAsOf">Time of the newest price; null without prices.</param>
/// <param name="RatesAsOf">Time of the newest exchange rate; null without rates.</param>
/// <param name="PricesStale">Whether stored prices were used because a provider failed.</param>
/// <param name="RatesStale">Whether stored exchange rates were used because a provider failed.</param>
/// <param name="StaleSince">Time of the oldest stored value that was used.</param>
public readonly record struct ResultTimes(
    DateTimeOffset? GeneratedAt,
    DateTimeOffset? PricesAsOf = null,
    DateTimeOffset? RatesAsOf = null,
    bool PricesStale = false,
    bool RatesStale = false,
    DateTimeOffset? StaleSince = null
);

/// <summary>How current a result is, and why.</summary>
/// <param name="Status">The status.</param>
/// <param name="Reason">One sentence of ASCII that needs no escaping in JSON.</param>
public readonly record struct FreshnessVerdict(FreshnessStatus Status, string Reason);

/// <summary>
/// Judges the age of a result, in this order: stale when two nights that should have replaced it are missing, or when its prices or rates
/// were too old when it was computed; delayed when one night is past its deadline; provisional when stored values were used because a
/// provider failed; else fresh. So a result of Friday is fresh all weekend, and one of this morning with last month's rates is stale.
/// </summary>
public static class Freshness
{
    private static readonly TimeSpan Oldest = TimeSpan.FromDays(366);

    /// <summary>How far a time may be in the future: a date without a time can be a day ahead in UTC.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromDays(1);

    /// <param name="result">The times of the result.</param>
    /// <param name="now">The current time.</param>
    /// <param name="markets">The user's markets; the worst status counts.</param>
    public static FreshnessVerdict Judge(in ResultTimes result, DateTimeOffset now, IReadOnlyList<MarketCalendar> markets)
    {
        ArgumentNullException.ThrowIfNull(markets);
        if (result.GeneratedAt is not { } generatedAt || generatedAt < now - Oldest)
            return new(FreshnessStatus.Stale, "It was computed over a year ago.");
        // The computing machine's clock may be ahead of this one's.
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
        return worst ?? new(FreshnessStatus.Fresh, "The user has no known market whose nights would replace it.");
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
