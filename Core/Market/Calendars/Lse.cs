using static Overnight.Core.Market.Calendars.SpecialDay;

namespace Overnight.Core.Market.Calendars;

/// <summary>
/// London Stock Exchange: the bank holidays of England and Wales, with substitute days, and half days on the last sessions
/// before Christmas and New Year.
/// </summary>
internal static class Lse
{
    private static readonly TimeOnly HalfDay = new(12, 30);

    private static readonly SpecialDay[] Exceptional =
    [
        Closed(1999, 12, 31, "Millennium Eve"),
        Closed(2002, 6, 3, "Golden Jubilee"),
        Closed(2011, 4, 29, "Royal wedding"),
        Closed(2012, 6, 5, "Diamond Jubilee"),
        Closed(2022, 6, 3, "Platinum Jubilee"),
        Closed(2022, 9, 19, "State funeral of Queen Elizabeth II"),
        Closed(2023, 5, 8, "Coronation of King Charles III"),
    ];

    public static IEnumerable<SpecialDay> Days(int year) =>
        HalfDays(year).Concat(Holidays(year)).Concat(Exceptional.Where(day => day.Date.Year == year));

    private static IEnumerable<SpecialDay> Holidays(int year)
    {
        var easter = HolidayDates.Easter(year);
        yield return Closed(HolidayDates.MondayAfter(new(year, 1, 1)), "New Year's Day");
        yield return Closed(easter.AddDays(-2), "Good Friday");
        yield return Closed(easter.AddDays(1), "Easter Monday");
        // In 1995 and 2020 it was moved to the anniversary of VE Day.
        yield return Closed(
            year is 1995 or 2020 ? new DateOnly(year, 5, 8) : HolidayDates.Nth(1, DayOfWeek.Monday, year, 5),
            "Early May bank holiday"
        );
        yield return Closed(SpringHoliday(year), "Spring bank holiday");
        yield return Closed(HolidayDates.Last(DayOfWeek.Monday, year, 8), "Summer bank holiday");

        DateOnly christmas = new(year, 12, 25),
            boxing = new(year, 12, 26);
        yield return Closed(christmas, "Christmas Day");
        yield return Closed(boxing, "Boxing Day");
        if (HolidayDates.IsWeekend(christmas))
            yield return Closed(year, 12, 27, "Christmas Day (substitute day)");
        if (HolidayDates.IsWeekend(boxing))
            yield return Closed(year, 12, 28, "Boxing Day (substitute day)");
    }

    /// <summary>Moved in the years of jubilees.</summary>
    private static DateOnly SpringHoliday(int year) =>
        year switch
        {
            2002 => new(2002, 6, 4),
            2012 => new(2012, 6, 4),
            2022 => new(2022, 6, 2),
            _ => HolidayDates.Last(DayOfWeek.Monday, year, 5),
        };

    private static IEnumerable<SpecialDay> HalfDays(int year)
    {
        yield return ClosesAt(HolidayDates.FridayBefore(new(year, 12, 24)), HalfDay, "Christmas Eve");
        yield return ClosesAt(HolidayDates.FridayBefore(new(year, 12, 31)), HalfDay, "New Year's Eve");
    }
}
