using static Overnight.Core.Market.Calendars.SpecialDay;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// New York Stock Exchange, from 1993 on. Source: its rule 7.2 and the holidays and early closings it announces each year. A holiday on a
/// Saturday is observed on Friday, one on a Sunday on Monday; New Year's Day on a Saturday is not observed.
/// </summary>
internal static class Nyse
{
    private static readonly TimeOnly EarlyClose = new(13, 0);

    /// <summary>Days that were closed or shortened by a decision, not by a rule.</summary>
    private static readonly SpecialDay[] Exceptional =
    [
        Closed(1994, 4, 27, "National day of mourning, President Nixon"),
        ClosesAt(new(1997, 12, 26), EarlyClose, "Day after Christmas Day"),
        ClosesAt(new(1999, 12, 31), EarlyClose, "New Year's Eve 1999"),
        Closed(2001, 9, 11, "Attacks of September 11"),
        Closed(2001, 9, 12, "Attacks of September 11"),
        Closed(2001, 9, 13, "Attacks of September 11"),
        Closed(2001, 9, 14, "Attacks of September 11"),
        ClosesAt(new(2003, 12, 26), EarlyClose, "Day after Christmas Day"),
        Closed(2004, 6, 11, "National day of mourning, President Reagan"),
        Closed(2007, 1, 2, "National day of mourning, President Ford"),
        Closed(2012, 10, 29, "Hurricane Sandy"),
        Closed(2012, 10, 30, "Hurricane Sandy"),
        Closed(2018, 12, 5, "National day of mourning, President George H. W. Bush"),
        Closed(2025, 1, 9, "National day of mourning, President Carter"),
    ];

    public static IEnumerable<SpecialDay> Days(int year)
    {
        var thanksgiving = HolidayDates.Nth(4, DayOfWeek.Thursday, year, 11);
        return EarlyCloses(year, thanksgiving).Concat(Holidays(year, thanksgiving)).Concat(Exceptional.Where(day => day.Date.Year == year));
    }

    private static IEnumerable<SpecialDay> Holidays(int year, DateOnly thanksgiving)
    {
        DateOnly newYear = new(year, 1, 1);
        if (newYear.DayOfWeek != DayOfWeek.Saturday)
            yield return Closed(HolidayDates.NearestWeekday(newYear), "New Year's Day");
        if (year >= 1998)
            yield return Closed(HolidayDates.Nth(3, DayOfWeek.Monday, year, 1), "Martin Luther King, Jr. Day");
        yield return Closed(HolidayDates.Nth(3, DayOfWeek.Monday, year, 2), "Washington's Birthday");
        yield return Closed(HolidayDates.Easter(year).AddDays(-2), "Good Friday");
        yield return Closed(HolidayDates.Last(DayOfWeek.Monday, year, 5), "Memorial Day");
        if (year >= 2022)
            yield return Closed(HolidayDates.NearestWeekday(new(year, 6, 19)), "Juneteenth National Independence Day");
        yield return Closed(HolidayDates.NearestWeekday(new(year, 7, 4)), "Independence Day");
        yield return Closed(HolidayDates.Nth(1, DayOfWeek.Monday, year, 9), "Labor Day");
        yield return Closed(thanksgiving, "Thanksgiving Day");
        yield return Closed(HolidayDates.NearestWeekday(new(year, 12, 25)), "Christmas Day");
    }

    private static IEnumerable<SpecialDay> EarlyCloses(int year, DateOnly thanksgiving)
    {
        // When July 3 is a Friday it is the observed holiday. A Wednesday is a short day since 2013; before, the Friday after was short.
        DateOnly eve = new(year, 7, 3);
        if (
            eve.DayOfWeek is DayOfWeek.Monday or DayOfWeek.Tuesday or DayOfWeek.Thursday
            || (eve.DayOfWeek == DayOfWeek.Wednesday && year >= 2013)
        )
            yield return ClosesAt(eve, EarlyClose, "Day before Independence Day");
        else if (eve.DayOfWeek == DayOfWeek.Wednesday)
            yield return ClosesAt(eve.AddDays(2), EarlyClose, "Day after Independence Day");
        yield return ClosesAt(thanksgiving.AddDays(1), EarlyClose, "Day after Thanksgiving Day");
        yield return ClosesAt(new(year, 12, 24), EarlyClose, "Christmas Eve");
    }
}
