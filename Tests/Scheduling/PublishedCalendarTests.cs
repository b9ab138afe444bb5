using Overnight.Core.Market.Calendars;

namespace Overnight.Tests.Scheduling;

/// <summary>
/// Every day of 2024 to 2027 against what the exchanges published: NYSE Group's announcements of holidays and early closings;
/// Deutsche Boerse's trading calendar, with its December notes on the last session; the London Stock Exchange's business days;
/// JPX's market holidays; B3's calendar and its notes on Ash Wednesday and on the hours after each change of New York's clocks.
/// Closed days of weekends are not listed.
/// </summary>
public sealed class PublishedCalendarTests
{
    [Theory]
    [InlineData("NYSE", 2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25", "07-03 11-29 12-24", "")]
    [InlineData("NYSE", 2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25", "07-03 11-28 12-24", "")]
    [InlineData("NYSE", 2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25", "11-27 12-24", "")]
    [InlineData("NYSE", 2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24", "11-26", "")]
    [InlineData("NYSE", 2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25", "07-03 11-24", "")]
    [InlineData("B3", 2024, "01-01 02-12 02-13 03-29 05-01 05-30 11-15 11-20 12-24 12-25 12-31", "", "02-14")]
    [InlineData("B3", 2025, "01-01 03-03 03-04 04-18 04-21 05-01 06-19 11-20 12-24 12-25 12-31", "", "03-05")]
    [InlineData("B3", 2026, "01-01 02-16 02-17 04-03 04-21 05-01 06-04 09-07 10-12 11-02 11-20 12-24 12-25 12-31", "", "02-18")]
    [InlineData("B3", 2027, "01-01 02-08 02-09 03-26 04-21 05-27 09-07 10-12 11-02 11-15 12-24 12-31", "", "02-10")]
    [InlineData("LSE", 2024, "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26", "12-24 12-31", "")]
    [InlineData("LSE", 2025, "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26", "12-24 12-31", "")]
    [InlineData("LSE", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28", "12-24 12-31", "")]
    [InlineData("LSE", 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28", "12-24 12-31", "")]
    [InlineData("XETRA", 2024, "01-01 03-29 04-01 05-01 12-24 12-25 12-26 12-31", "12-30", "")]
    [InlineData("XETRA", 2025, "01-01 04-18 04-21 05-01 12-24 12-25 12-26 12-31", "12-30", "")]
    [InlineData("XETRA", 2026, "01-01 04-03 04-06 05-01 12-24 12-25 12-31", "12-30", "")]
    [InlineData("XETRA", 2027, "01-01 03-26 03-29 12-24 12-31", "12-30", "")]
    [InlineData(
        "TSE",
        2024,
        "01-01 01-02 01-03 01-08 02-12 02-23 03-20 04-29 05-03 05-06 07-15 08-12 09-16 09-23 10-14 11-04 12-31",
        "",
        ""
    )]
    [InlineData(
        "TSE",
        2025,
        "01-01 01-02 01-03 01-13 02-11 02-24 03-20 04-29 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-24 12-31",
        "",
        ""
    )]
    [InlineData(
        "TSE",
        2026,
        "01-01 01-02 01-12 02-11 02-23 03-20 04-29 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23 12-31",
        "",
        ""
    )]
    [InlineData(
        "TSE",
        2027,
        "01-01 01-11 02-11 02-23 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23 12-31",
        "",
        ""
    )]
    // Years further off, for the rules that they show: substitutes in Golden Week, Olympic moves, accession, jubilee, 2022's end of
    // local holidays.
    [InlineData(
        "TSE",
        2019,
        "01-01 01-02 01-03 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-06 07-15 08-12 09-16 09-23 10-14 10-22 11-04 12-31",
        "",
        ""
    )]
    [InlineData("TSE", 2021, "01-01 01-11 02-11 02-23 04-29 05-03 05-04 05-05 07-22 07-23 08-09 09-20 09-23 11-03 11-23 12-31", "", "")]
    [InlineData("LSE", 2022, "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27", "12-23 12-30", "")]
    [InlineData("B3", 2023, "02-20 02-21 04-07 04-21 05-01 06-08 09-07 10-12 11-02 11-15 12-25 12-29", "", "02-22")]
    [InlineData("NYSE", 2012, "01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25", "07-03 11-23 12-24", "")]
    public void Day_OfAYear_IsAsPublished(string market, int year, string closed, string earlyCloses, string lateOpens)
    {
        var calendar = TestMarkets.Market(market);
        var days = calendar.Days(new(year, 1, 1), new(year, 12, 31)).ToList();

        Assert.Equal(DateTime.IsLeapYear(year) ? 366 : 365, days.Count);
        Assert.All(days.Where(IsWeekend), day => Assert.Equal(DayStatus.Closed, day.Status));
        Assert.Equal(closed, List(days.Where(day => !IsWeekend(day)), DayStatus.Closed));
        Assert.Equal(earlyCloses, List(days, DayStatus.EarlyClose));
        Assert.Equal(lateOpens, List(days, DayStatus.LateOpen));
        Assert.All(days, day => Assert.Equal(day.IsOpen, day is { OpenUtc: not null, CloseUtc: not null, DueUtc: not null }));
        Assert.All(days.Where(day => day.IsOpen), day => Assert.Equal(TimeSpan.FromHours(2), day.OpenUtc - day.DueUtc));
        Assert.All(days, day => Assert.Equal(day.Status == DayStatus.Open, day.Reason is null));
    }

    [Theory]
    [InlineData("NYSE", "2026-03-06", "14:30", "21:00")] // the last session of winter time
    [InlineData("NYSE", "2026-03-09", "13:30", "20:00")]
    [InlineData("NYSE", "2026-10-30", "13:30", "20:00")]
    [InlineData("NYSE", "2026-11-02", "14:30", "21:00")]
    [InlineData("NYSE", "2026-11-27", "14:30", "18:00")]
    [InlineData("LSE", "2026-03-27", "08:00", "16:30")]
    [InlineData("LSE", "2026-03-30", "07:00", "15:30")]
    [InlineData("LSE", "2026-10-23", "07:00", "15:30")]
    [InlineData("LSE", "2026-10-26", "08:00", "16:30")]
    [InlineData("LSE", "2026-12-24", "08:00", "12:30")]
    [InlineData("XETRA", "2026-03-27", "08:00", "16:30")]
    [InlineData("XETRA", "2026-03-30", "07:00", "15:30")]
    [InlineData("XETRA", "2026-12-30", "08:00", "13:00")]
    [InlineData("TSE", "2024-11-01", "00:00", "06:00")]
    [InlineData("TSE", "2024-11-05", "00:00", "06:30")]
    [InlineData("B3", "2018-11-01", "13:00", "20:00")] // before Brazil's last summer time
    [InlineData("B3", "2018-11-05", "12:00", "20:00")] // in it
    [InlineData("B3", "2019-02-18", "13:00", "21:00")] // after it, while New York was in winter
    [InlineData("B3", "2019-03-11", "13:00", "20:00")]
    [InlineData("B3", "2024-03-08", "13:00", "21:00")]
    [InlineData("B3", "2024-03-11", "13:00", "20:00")]
    [InlineData("B3", "2025-10-31", "13:00", "20:00")]
    [InlineData("B3", "2025-11-03", "13:00", "21:00")]
    [InlineData("B3", "2026-02-18", "16:00", "21:00")]
    public void Day_AroundAChangeOfClocksOrHours_OpensAndClosesAt(string market, string date, string open, string close)
    {
        var day = TestMarkets.Market(market).Day(DateOnly.Parse(date));

        Assert.Equal(TestMarkets.Utc($"{date}T{open}:00Z"), day.OpenUtc);
        Assert.Equal(TestMarkets.Utc($"{date}T{close}:00Z"), day.CloseUtc);
    }

    private static string List(IEnumerable<MarketDay> days, DayStatus status) =>
        string.Join(' ', days.Where(day => day.Status == status).Select(day => day.Date.ToString("MM-dd")));

    private static bool IsWeekend(MarketDay day) => day.Date.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
}
