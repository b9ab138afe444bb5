using Overnight.Core;
using Overnight.Core.Market.Calendars;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>What a calendar tells of the nights before and after a moment.</summary>
public sealed class NightsAheadTests
{
    private static readonly DateOnly Date = new(2026, 11, 20);
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("2026-11-20T12:29:59Z", "2026-11-20")]
    [InlineData("2026-11-20T12:30:00Z", "2026-11-23")]
    [InlineData("2026-11-25T12:30:00Z", "2026-11-27")] // over Thanksgiving
    public void NextNight_AroundTheTrigger_IsTheFirstThatIsNotDue(string now, string date) =>
        Assert.Equal(DateOnly.Parse(date), Market("NYSE").NextNight(Utc(now))!.Date);

    [Fact]
    public void NextOpenWithNight_WhereTheCronNamesMondays_PassesOverTheOthers()
    {
        var market = Market("NYSE", ("Cron", "0 6 * * 1"));

        Assert.Equal(new(2026, 11, 20), market.NextOpen(Utc("2026-11-20T12:00Z"))!.Date);
        Assert.Equal(new(2026, 11, 23), market.NextOpenWithNight(Utc("2026-11-20T12:00Z"))!.Date);
        Assert.Equal(new(2026, 11, 23), market.NextOpenWithNight(Utc("2026-11-23T14:29:59Z"))!.Date);
        Assert.Equal(new(2026, 11, 30), market.NextOpenWithNight(Utc("2026-11-23T14:30Z"))!.Date);
    }

    [Theory]
    [InlineData("2026-11-19T12:30:00Z", "2026-11-20T12:29:59Z", "")]
    [InlineData("2026-11-19T12:30:00Z", "2026-11-20T12:30:00Z", "20")] // after the one, and at the other
    [InlineData("2026-11-19T12:29:59Z", "2026-11-24T12:30:00Z", "19 20 23 24")]
    [InlineData("2026-11-20T12:30:00Z", "2026-11-22T12:30:00Z", "")]
    public void DueBetween_TwoMoments_IsEachNightOnce(string after, string until, string days) =>
        Assert.Equal(days, string.Join(' ', Market("NYSE").DueBetween(Utc(after), Utc(until)).Select(day => day.Date.Day)));

    /// <summary>A night that is due days before its open: Friday's at 17:00, for Monday.</summary>
    [Fact]
    public void DueBetween_DaysBeforeTheOpen_HasTheNight() =>
        Assert.Equal(
            [new(2026, 11, 23)],
            Market("NYSE", ("Cron", "0 17 * * 5")).DueBetween(Utc("2026-11-20T21:00Z"), Utc("2026-11-20T22:00Z")).Select(day => day.Date)
        );

    /// <summary>The next open is the furthest that is looked for, also of a market that stays closed for most of a year.</summary>
    [Theory]
    [InlineData(365, true)]
    [InlineData(366, false)]
    public void Next_AfterALongBreak_IsLookedForAYear(int days, bool isFound)
    {
        var market = OpenOn(Date.AddDays(days));

        Assert.Equal(isFound, market.NextOpen(Noon) is not null);
        Assert.Equal(isFound, market.NextOpenWithNight(Noon) is not null);
        Assert.Equal(isFound, market.NextNight(Noon) is not null);
        Assert.Null(market.DueAt(Noon));
    }

    /// <summary>The open before is found a year back, and the cron's occurrence before it is not of this night.</summary>
    [Theory]
    [InlineData("0 11 29 2 *", null)]
    [InlineData("0 14 29 2 *", "2028-02-29T14:00Z")]
    public void Due_ByACron_IsAfterTheOpenBefore(string cron, string? due)
    {
        DateOnly before = new(2028, 2, 29);
        var market = OpenOn(CronSchedule.Parse(cron), before, before.AddDays(365));

        Assert.Equal(due is null ? null : Utc(due), market.Day(before.AddDays(365)).DueUtc);
    }

    [Fact]
    public void Rules_AreToldToPeople()
    {
        Assert.Equal("2:00 h before the open", Market("NYSE").Due);
        Assert.Equal("0:30 h before the open", Market("NYSE").DoneBy);
        var other = Market("NYSE", ("Cron", "15 6 * * 1-5"), ("Deadline", "08:05"));
        Assert.Equal("cron 15 6 * * 1-5, local time", other.Due);
        Assert.Equal("by 08:05, local time", other.DoneBy);
    }

    [Fact]
    public void WhyNoNight_IsTheReasonOrTheCron()
    {
        var market = Market("NYSE", ("Cron", "0 6 * * 1"));

        Assert.Equal("closed, Thanksgiving Day", market.Day(new(2026, 11, 26)).WhyNoNight);
        Assert.Equal("closed, weekend", market.Day(new(2026, 11, 22)).WhyNoNight);
        Assert.Equal("the cron names no time between the previous open and this one", market.Day(new(2026, 11, 25)).WhyNoNight);
        Assert.Null(market.Day(new(2026, 11, 23)).WhyNoNight);
        Assert.Equal(
            "Unknown status.",
            Assert.Throws<ArgumentOutOfRangeException>("status", () => ((DayStatus)9).Name()).Message.Split(" (")[0]
        );
    }

    [Fact]
    public void Catalog_CodesOfAUser_AreItsMarketsOrTheDefault()
    {
        var catalog = Catalog();

        Assert.Equal(["TSE", "LSE"], catalog.OfUser("TSE,GONE,LSE").Select(market => market.Code));
        Assert.Same(catalog.OfUser("TSE,GONE,LSE"), catalog.OfUser("TSE,GONE,LSE"));
        Assert.Equal("NYSE", Assert.Single(catalog.OfUser("GONE")).Code);
        Assert.Equal(
            "There is no market 'GONE'. Known: B3, LSE, NYSE, TSE, XETRA.",
            Assert.Throws<RequestException>(() => catalog.Get("GONE")).Message
        );
        Assert.Equal(
            ["B3, Sao Paulo", "London Stock Exchange", "New York Stock Exchange", "Tokyo Stock Exchange", "Xetra, Frankfurt"],
            catalog.All.Select(market => market.Name)
        );
    }

    private static MarketCalendar OpenOn(params DateOnly[] dates) => OpenOn(null, dates);

    /// <summary>A market that is open on these days alone, from 13:00 to 14:00 in UTC.</summary>
    private static MarketCalendar OpenOn(CronSchedule? cron, params DateOnly[] dates) =>
        new(
            "TEST",
            "Test",
            TimeZoneInfo.Utc,
            _ => TradingHours.Between(1300, 1400),
            year => dates.Where(date => date.Year == year).Select(date => SpecialDay.TradingDay(date, "open")),
            Enum.GetValues<DayOfWeek>().ToHashSet(),
            TimeSpan.FromMinutes(30),
            cron,
            DeadlineRule.Default
        );
}
