using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

public sealed class MarketCalendarTests
{
    [Theory]
    [InlineData("NYSE", "2026-11-20T14:29:00Z", "2026-11-20")]
    [InlineData("NYSE", "2026-11-20T14:30:00Z", "2026-11-23")]
    [InlineData("NYSE", "2026-07-01T13:29:00Z", "2026-07-01")]
    [InlineData("NYSE", "2026-11-25T15:00:00Z", "2026-11-27")] // over Thanksgiving
    [InlineData("NYSE", "2025-01-08T15:00:00Z", "2025-01-10")] // over a day of mourning
    [InlineData("B3", "2026-02-13T14:00:00Z", "2026-02-18")] // over Carnival
    [InlineData("TSE", "2026-12-30T05:00:00Z", "2027-01-04")]
    [InlineData("TSE", "2026-11-22T23:00:00Z", "2026-11-24")] // already Monday there, and a holiday
    [InlineData("LSE", "2026-12-24T09:00:00Z", "2026-12-29")]
    public void NextOpen_AroundTheOpen_IsTheDateBeingPrepared(string market, string now, string expected) =>
        Assert.Equal(DateOnly.Parse(expected), Market(market).NextOpen(Utc(now))!.Date);

    [Theory]
    [InlineData("2026-11-23T12:29:59Z", false)]
    [InlineData("2026-11-23T12:30:00Z", true)]
    [InlineData("2026-11-23T14:29:59Z", true)]
    [InlineData("2026-11-23T14:30:00Z", false)] // it has opened: no longer of use
    public void DueAt_FromTheRingToTheOpen(string now, bool due) => Assert.Equal(due, Market("NYSE").DueAt(Utc(now)) is not null);

    [Theory]
    // New York, 02:00: the Monday after has another offset, and the wall clock says the same.
    [InlineData("America/New_York", "09:30-16:00", "2026-03-06", "2026-03-06T12:30Z", "2026-03-06T14:30Z")]
    [InlineData("America/New_York", "09:30-16:00", "2026-03-09", "2026-03-09T11:30Z", "2026-03-09T13:30Z")]
    [InlineData("America/New_York", "03:00-16:00", "2026-03-08", "2026-03-08T05:00Z", "2026-03-08T07:00Z")] // opens as the clocks go from 02:00 to 03:00
    [InlineData("America/New_York", "02:30-16:00", "2026-03-08", "2026-03-08T05:00Z", "2026-03-08T07:00Z")] // an open that the clocks skip
    [InlineData("America/New_York", "01:30-16:00", "2026-11-01", "2026-11-01T03:30Z", "2026-11-01T05:30Z")] // an open that they show twice
    [InlineData("America/New_York", "02:00-16:00", "2026-11-01", "2026-11-01T05:00Z", "2026-11-01T07:00Z")] // two hours pass, three hours show
    [InlineData("Europe/London", "08:00-16:30", "2026-03-29", "2026-03-29T05:00Z", "2026-03-29T07:00Z")]
    [InlineData("Europe/London", "08:00-16:30", "2026-10-25", "2026-10-25T06:00Z", "2026-10-25T08:00Z")]
    // Sao Paulo, at midnight, until 2019: there was no 00:00 on 2018-11-04, and two 23:00 on 2018-02-17.
    [InlineData("America/Sao_Paulo", "10:00-17:00", "2018-11-04", "2018-11-04T10:00Z", "2018-11-04T12:00Z")]
    [InlineData("America/Sao_Paulo", "00:00-17:00", "2018-11-04", "2018-11-04T01:00Z", "2018-11-04T03:00Z")]
    [InlineData("America/Sao_Paulo", "00:30-17:00", "2018-11-04", "2018-11-04T01:00Z", "2018-11-04T03:00Z")]
    [InlineData("America/Sao_Paulo", "01:30-17:00", "2018-11-04", "2018-11-04T01:30Z", "2018-11-04T03:30Z")]
    [InlineData("America/Sao_Paulo", "23:00-23:59", "2018-02-17", "2018-02-17T23:00Z", "2018-02-18T01:00Z")]
    [InlineData("America/Sao_Paulo", "00:30-17:00", "2018-02-18", "2018-02-18T01:30Z", "2018-02-18T03:30Z")]
    // Santiago, at midnight: forward into 2026-09-06, back from 2026-04-05.
    [InlineData("America/Santiago", "09:30-17:00", "2026-09-07", "2026-09-07T10:30Z", "2026-09-07T12:30Z")]
    [InlineData("America/Santiago", "00:30-17:00", "2026-09-06", "2026-09-06T02:00Z", "2026-09-06T04:00Z")]
    [InlineData("America/Santiago", "01:00-17:00", "2026-09-06", "2026-09-06T02:00Z", "2026-09-06T04:00Z")]
    [InlineData("America/Santiago", "23:30-23:59", "2026-04-04", "2026-04-05T00:30Z", "2026-04-05T02:30Z")]
    [InlineData("America/Santiago", "00:30-17:00", "2026-04-05", "2026-04-05T02:30Z", "2026-04-05T04:30Z")]
    // Lord Howe, by half an hour at 02:00: forward on 2026-10-04, back on 2026-04-05.
    [InlineData("Australia/Lord_Howe", "10:00-16:00", "2026-10-02", "2026-10-01T21:30Z", "2026-10-01T23:30Z")]
    [InlineData("Australia/Lord_Howe", "10:00-16:00", "2026-10-05", "2026-10-04T21:00Z", "2026-10-04T23:00Z")]
    [InlineData("Australia/Lord_Howe", "02:15-16:00", "2026-10-04", "2026-10-03T13:30Z", "2026-10-03T15:30Z")]
    [InlineData("Australia/Lord_Howe", "01:45-16:00", "2026-04-05", "2026-04-04T12:45Z", "2026-04-04T14:45Z")]
    [InlineData("Australia/Lord_Howe", "02:00-16:00", "2026-04-05", "2026-04-04T13:30Z", "2026-04-04T15:30Z")]
    public void Due_OnAndAroundAChangeOfClocks_IsTwoHoursBeforeTheOpen(string zone, string hours, string date, string due, string open)
    {
        var day = Market("TEST", ("TimeZone", zone), ("Hours:0", hours), ("Weekend:0", "Wednesday")).Day(DateOnly.Parse(date));

        Assert.Equal((Utc(open), Utc(due)), (day.OpenUtc!.Value, day.DueUtc!.Value));
    }

    [Fact]
    public void Due_OfTwoMarkets_SharesADateAndNotATime()
    {
        DateOnly date = new(2026, 11, 24);
        Assert.Equal(
            ["B3 11:00", "LSE 06:00", "NYSE 12:30", "TSE 22:00", "XETRA 06:00"],
            Catalog().All.Select(market => $"{market.Code} {market.Day(date).DueUtc:HH:mm}")
        );
        // Tokyo's night of the 24th begins on the 23rd, in UTC.
        Assert.Equal(Utc("2026-11-23T22:00Z"), Market("TSE").Day(date).DueUtc);
    }

    [Fact]
    public void Due_ByCron_IsTheLastBeforeTheOpen_SoThatAHolidayMovesNothing()
    {
        var market = Market("NYSE", ("Cron", "15 6 * * 1-5"));

        Assert.Equal(Utc("2026-11-25T11:15Z"), market.Day(new(2026, 11, 25)).DueUtc);
        Assert.Null(market.Day(new(2026, 11, 26)).DueUtc);
        Assert.Equal(Utc("2026-11-27T11:15Z"), market.Day(new(2026, 11, 27)).DueUtc);
        // 06:15 in New York, winter and summer.
        Assert.Equal(Utc("2026-07-01T10:15Z"), market.Day(new(2026, 7, 1)).DueUtc);
        Assert.Null(Market("NYSE", ("Cron", "0 6 * * 1")).Day(new(2026, 11, 25)).DueUtc);
    }
}
