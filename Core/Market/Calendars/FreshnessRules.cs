using System.Collections.Concurrent;

namespace Overnight.Core.Market.Calendars;

/// <summary>The deadlines and limits that a market's calendar sets for a result computed at some moment.</summary>
internal sealed class FreshnessRules
{
    /// <summary>Time within which closing prices, and the rates of a day, are there.</summary>
    private static readonly TimeSpan AfterPublication = TimeSpan.FromHours(1);

    private readonly DateTimeOffset _firstDeadline,
        _secondDeadline;
    private readonly AgeLimit _prices,
        _rates;
    private readonly FreshnessVerdict _fresh,
        _delayed,
        _twoMissing,
        _oldPrices,
        _oldRates;

    private FreshnessRules(string market, MarketDay? own, MarketDay? first, MarketDay? second, AgeLimit prices, AgeLimit rates)
    {
        (_firstDeadline, _secondDeadline, _prices, _rates) = (Deadline(first), Deadline(second), prices, rates);
        _fresh = new(
            FreshnessStatus.Fresh,
            own is null
                ? $"{market} has no open within a year of when it was computed."
                : $"It prepares the open of {market} on {own.Date:yyyy-MM-dd}, and no later night is past its deadline."
        );
        _delayed = new(
            FreshnessStatus.Delayed,
            $"The night of {market} for {first?.Date:yyyy-MM-dd} is past its deadline and has not replaced it."
        );
        _twoMissing = new(
            FreshnessStatus.Stale,
            $"The nights of {market} for {first?.Date:yyyy-MM-dd} and {second?.Date:yyyy-MM-dd} are past their deadlines and have not replaced it."
        );
        _oldPrices = new(
            FreshnessStatus.Stale,
            $"Its prices are older than the close of {market} on {prices.Day:yyyy-MM-dd}, which was known when it was computed."
        );
        _oldRates = new(
            FreshnessStatus.Stale,
            $"Its exchange rates are older than those of {rates.Day:yyyy-MM-dd}, which were known when it was computed."
        );
    }

    /// <summary>Derives deadlines and limits of age from the market's calendar.</summary>
    public static FreshnessRules Of(MarketCalendar market, DateTimeOffset generatedAt)
    {
        var own = market.NextOpen(generatedAt);
        var first = own is null ? null : market.NextOpenWithNight(own.OpenUtc!.Value);
        var second = first is null ? null : market.NextOpenWithNight(first.OpenUtc!.Value);
        return new(
            market.Code,
            own,
            first,
            second,
            Publications.LastClose(market, generatedAt - AfterPublication),
            Publications.LastRates(generatedAt - AfterPublication)
        );
    }

    public FreshnessVerdict Judge(in ResultTimes result, DateTimeOffset now)
    {
        if (now >= _secondDeadline)
            return _twoMissing;
        if (_prices.IsOlder(result.PricesAsOf))
            return _oldPrices;
        if (_rates.IsOlder(result.RatesAsOf))
            return _oldRates;
        if (now >= _firstDeadline)
            return _delayed;
        return result.PricesStale || result.RatesStale ? Provisional(result) : _fresh;
    }

    private static FreshnessVerdict Provisional(in ResultTimes result)
    {
        var what =
            result is { PricesStale: true, RatesStale: true } ? "prices and exchange rates"
            : result.PricesStale ? "prices"
            : "exchange rates";
        return new(
            FreshnessStatus.Provisional,
            $"A provider failed, so stored {what} are used{(result.StaleSince is { } since ? $", the oldest of {since:yyyy-MM-dd}" : "")}."
        );
    }

    private static DateTimeOffset Deadline(MarketDay? day) => day?.DeadlineUtc ?? DateTimeOffset.MaxValue;
}

/// <summary>
/// The rules of one market by the minute in which a result was computed: opens, closes and publications are at whole minutes, so results
/// of a run share few entries.
/// </summary>
internal sealed class FreshnessMemory(MarketCalendar market)
{
    /// <summary>Limit of remembered minutes. Results computed one by one can exceed it; then all are dropped.</summary>
    private const int MostMinutes = 1_024;

    private readonly ConcurrentDictionary<long, FreshnessRules> _byMinute = new();

    public FreshnessRules At(DateTimeOffset generatedAt)
    {
        var minute = generatedAt.UtcTicks / TimeSpan.TicksPerMinute;
        if (_byMinute.TryGetValue(minute, out var rules))
            return rules;
        rules = FreshnessRules.Of(market, generatedAt);
        if (_byMinute.Count >= MostMinutes)
            _byMinute.Clear();
        _byMinute[minute] = rules;
        return rules;
    }
}
