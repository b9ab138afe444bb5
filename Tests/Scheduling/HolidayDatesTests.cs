using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

public sealed class HolidayDatesTests
{
    /// <summary>Against Knuth's algorithm (The Art of Computer Programming, 1.3.2, exercise 14), for all years it holds for.</summary>
    [Fact]
    public void Easter_OfEveryGregorianYear_IsAsByKnuth() =>
        Assert.All(Enumerable.Range(1583, 4099 - 1583 + 1), year => Assert.Equal(Knuth(year), HolidayDates.Easter(year)));

    [Theory]
    [InlineData(1, DayOfWeek.Monday, 2026, 6, "2026-06-01")] // which begins with a Monday
    [InlineData(1, DayOfWeek.Sunday, 2026, 6, "2026-06-07")]
    [InlineData(3, DayOfWeek.Monday, 2026, 1, "2026-01-19")]
    [InlineData(4, DayOfWeek.Thursday, 2026, 11, "2026-11-26")]
    public void Nth_WeekdayOfAMonth_IsItsDate(int nth, DayOfWeek weekday, int year, int month, string date) =>
        Assert.Equal(DateOnly.Parse(date), HolidayDates.Nth(nth, weekday, year, month));

    [Theory]
    [InlineData(DayOfWeek.Monday, 2026, 8, "2026-08-31")] // which ends with a Monday
    [InlineData(DayOfWeek.Tuesday, 2026, 8, "2026-08-25")]
    [InlineData(DayOfWeek.Monday, 2026, 5, "2026-05-25")]
    [InlineData(DayOfWeek.Sunday, 2028, 2, "2028-02-27")]
    public void Last_WeekdayOfAMonth_IsItsDate(DayOfWeek weekday, int year, int month, string date) =>
        Assert.Equal(DateOnly.Parse(date), HolidayDates.Last(weekday, year, month));

    [Theory]
    [InlineData("2026-11-20", "2026-11-20", "2026-11-20", "2026-11-20", false)]
    [InlineData("2026-11-21", "2026-11-20", "2026-11-20", "2026-11-23", true)] // a Saturday
    [InlineData("2026-11-22", "2026-11-23", "2026-11-20", "2026-11-23", true)]
    [InlineData("2026-11-23", "2026-11-23", "2026-11-23", "2026-11-23", false)]
    public void Weekday_InPlaceOfADay_IsTheNearestTheOneBeforeOrAfter(
        string date,
        string nearest,
        string before,
        string after,
        bool isWeekend
    )
    {
        var day = DateOnly.Parse(date);

        Assert.Equal(
            (DateOnly.Parse(nearest), DateOnly.Parse(before), DateOnly.Parse(after), isWeekend),
            (HolidayDates.NearestWeekday(day), HolidayDates.FridayBefore(day), HolidayDates.MondayAfter(day), HolidayDates.IsWeekend(day))
        );
    }

    private static DateOnly Knuth(int year)
    {
        var golden = year % 19 + 1;
        var century = year / 100 + 1;
        var leapDaysLeftOut = 3 * century / 4 - 12;
        var moon = (8 * century + 5) / 25 - 5;
        var sunday = 5 * year / 4 - leapDaysLeftOut - 10;
        var epact = ((11 * golden + 20 + moon - leapDaysLeftOut) % 30 + 30) % 30;
        if ((epact == 25 && golden > 11) || epact == 24)
            epact++;
        var fullMoon = 44 - epact;
        if (fullMoon < 21)
            fullMoon += 30;
        var day = fullMoon + 7 - (sunday + fullMoon) % 7;
        return new DateOnly(year, 3, 1).AddDays(day - 1);
    }
}
