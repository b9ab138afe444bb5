using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>The next night of a user's markets.</summary>
/// <param name="Market">Code of the market.</param>
internal readonly record struct NextNight(string Market, DateTimeOffset DueUtc);

internal static class NextNights
{
    /// <returns>The first night that is not due yet; null where no market has one within a year.</returns>
    public static NextNight? Of(IReadOnlyList<MarketCalendar> markets, DateTimeOffset now)
    {
        NextNight? first = null;
        foreach (var market in markets)
        {
            if (market.NextNight(now)?.DueUtc is { } due && (first is null || due < first.Value.DueUtc))
                first = new(market.Code, due);
        }
        return first;
    }
}
