using System.Collections.Concurrent;
using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>The scheduled run of a user's markets that is due next.</summary>
/// <param name="Market">Code of the market.</param>
internal readonly record struct NextRun(string Market, DateTimeOffset DueUtc);

/// <summary>
/// Finds the run that is due next. The due time of each market is kept until then, because calendars take far longer than the rest of a
/// page.
/// </summary>
internal sealed class NextRuns
{
    private readonly ConcurrentDictionary<MarketCalendar, (DateTimeOffset From, DateTimeOffset Due)> _known = new();

    /// <returns>The first run that is not due yet; null where no market has one within a year.</returns>
    public NextRun? Of(IReadOnlyList<MarketCalendar> markets, DateTimeOffset now)
    {
        NextRun? first = null;
        foreach (var market in markets)
        {
            if (Due(market, now) is { } due && (first is null || due < first.Value.DueUtc))
                first = new(market.Code, due);
        }
        return first;
    }

    private DateTimeOffset? Due(MarketCalendar market, DateTimeOffset now)
    {
        if (_known.TryGetValue(market, out var known) && known.From <= now && now < known.Due)
            return known.Due;
        if (market.NextNight(now)?.DueUtc is not { } due)
            return null;
        _known[market] = (now, due);
        return due;
    }
}
