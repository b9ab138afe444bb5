using static Overnight.Core.Market.Calendars.SpecialDay;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// Xetra. Source: the trading calendar of the Frankfurt Stock Exchange. The only half day is the year's last session, which ends at 14:00;
/// the exchange announces it each December and has done so every year since 2010.
/// </summary>
internal static class Xetra
{
    private static readonly TimeOnly LastSessionEnds = new(14, 0);

    public static IEnumerable<SpecialDay> Days(int year)
    {
        var easter = HolidayDates.Easter(year);
        if (year >= 2010)
            yield return ClosesAt(HolidayDates.FridayBefore(new(year, 12, 30)), LastSessionEnds, "Last session of the year");
        yield return Closed(year, 1, 1, "New Year's Day");
        yield return Closed(easter.AddDays(-2), "Good Friday");
        yield return Closed(easter.AddDays(1), "Easter Monday");
        yield return Closed(year, 5, 1, "Labour Day");
        if (year is 2007 or (>= 2015 and <= 2021))
            yield return Closed(easter.AddDays(50), "Whit Monday");
        if (year is >= 2014 and <= 2021)
            yield return Closed(year, 10, 3, "Day of German Unity");
        if (year == 2017)
            yield return Closed(year, 10, 31, "Reformation Day");
        yield return Closed(year, 12, 24, "Christmas Eve");
        yield return Closed(year, 12, 25, "Christmas Day");
        yield return Closed(year, 12, 26, "Boxing Day");
        yield return Closed(year, 12, 31, "New Year's Eve");
    }
}
