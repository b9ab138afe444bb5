using static Overnight.Core.Market.Calendars.SpecialDay;

namespace Overnight.Core.Market.Calendars;

/// <summary>Tokyo Stock Exchange: closed on national holidays and from December 31 to January 3; no short sessions.</summary>
internal static class Tse
{
    private static readonly DateOnly LongerSince = new(2024, 11, 5);

    /// <summary>The session, ignoring its break at noon, which no schedule depends on. In November 2024 it grew by half an hour.</summary>
    public static TradingHours Hours(DateOnly date) => TradingHours.Between(900, date >= LongerSince ? 1530 : 1500);

    public static IEnumerable<SpecialDay> Days(int year)
    {
        yield return Closed(year, 1, 2, "Market holiday");
        yield return Closed(year, 1, 3, "Market holiday");
        foreach (var (date, name) in JapaneseHolidays.Of(year))
            yield return Closed(date, name);
        if (year == 2020)
            yield return Closed(year, 10, 1, "Failure of the trading system");
        yield return Closed(year, 12, 31, "Market holiday");
    }
}
