using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Market.Calendars;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>Configured markets at the edges of what is allowed.</summary>
public sealed class MarketEdgeTests
{
    [Theory]
    [InlineData("A", false)]
    [InlineData("AB", true)]
    [InlineData("A23456789012", true)]
    [InlineData("A234567890123", false)]
    [InlineData("1A", false)]
    [InlineData("Ab", false)]
    [InlineData("A-B", false)]
    public void Code_OfAMarket_IsTwoToTwelveCapitalsAndDigits(string code, bool isCode) => Assert.Equal(isCode, MarketReader.IsCode(code));

    [Theory]
    [InlineData("LateOpens:0", "2026-11-24 11:00", "late-open", "late open")]
    [InlineData("EarlyCloses:0", "2026-11-24 12:15", "early-close", "early close")]
    [InlineData("EarlyCloses:0", "2026-11-24   12:15   Long repairs ", "early-close", "Long repairs")]
    [InlineData("LateOpens:0", "2026-11-26 11:00 Snow", "late-open", "Snow")] // Thanksgiving Day
    public void Day_WithATime_HasItsReasonOrAName(string key, string value, string status, string reason)
    {
        var day = Market("NYSE", (key, value)).Day(DateOnly.Parse(value[..10]));

        Assert.Equal((status, reason), (day.Status.Name(), day.Reason));
    }

    [Fact]
    public void Day_WithTwoTimesOfOneKind_HasTheLater()
    {
        Assert.Equal(Utc("2026-11-27T17:00Z"), Market("NYSE", ("EarlyCloses:0", "2026-11-27 12:00")).Day(new(2026, 11, 27)).CloseUtc);
        Assert.Equal(Utc("2026-02-18T17:00Z"), Market("B3", ("LateOpens:0", "2026-02-18 14:00")).Day(new(2026, 2, 18)).OpenUtc);
    }

    [Fact]
    public void Name_OfAMarket_IsItsOwnOrTheShippedOneOrItsCode()
    {
        Assert.Equal("New York Stock Exchange", Market("NYSE", ("Lead", "03:00")).Name);
        Assert.Equal("Big Board", Market("NYSE", ("Name", "Big Board")).Name);
        Assert.Equal("NSE", Market("NSE", ("Like", "NYSE")).Name);
    }

    [Theory]
    [InlineData("00:01:00", "0:01")]
    [InlineData("10:05:00", "10:05")]
    [InlineData("1.00:00:00", "24:00")]
    public void Lead_UpToItsBounds_IsTakenAndTold(string lead, string told) =>
        Assert.Equal($"{told} h before the open", Market("NYSE", ("Lead", lead)).Due);

    [Theory]
    [InlineData("00:01:00", "0:01")]
    [InlineData("09:29:00", "9:29")]
    public void DeadlineLead_UpToItsBounds_IsTakenAndTold(string lead, string told) =>
        Assert.Equal($"{told} h before the open", Market("NYSE", ("Cron", "0 0 * * *"), ("DeadlineLead", lead)).DoneBy);

    [Theory]
    [InlineData("NYSE:Holidays:0", " ", "Markets:NYSE:Holidays:0 must be a day (" + DayPattern.Forms + ") and a reason, and is ' '.")]
    [InlineData(
        "NYSE:LateOpens:0",
        "2026-02-03",
        "Markets:NYSE:LateOpens:0 must be a day (" + DayPattern.Forms + "), a time as HH:mm, and a reason, and is '2026-02-03'."
    )]
    [InlineData(
        "NYSE:Hours:0",
        " ",
        "Markets:NYSE:Hours:0 must be HH:mm-HH:mm, the open before the close, or yyyy-MM-dd HH:mm-HH:mm from a day on, and is ' '."
    )]
    [InlineData(
        "NYSE:EarlyCloses:0",
        "2150-11-09 08:00",
        "Markets:NYSE:EarlyCloses:0 must be after the open, which is at 09:30 on 2150-11-09, and is '2150-11-09 08:00'."
    )]
    public void Entry_ThatIsNone_IsRefusedInFull(string key, string value, string message) =>
        Assert.Equal([message], Failures((key, value)));

    [Fact]
    public void Market_WithoutZoneHoursOrADayOfTrading_SaysEach()
    {
        (string, string)[] week = [.. Enum.GetNames<DayOfWeek>().Select((day, i) => ($"NYSE:Weekend:{i}", day))];
        Assert.Equal(
            ["Markets:NYSE:Weekend must leave a day for trading, and is 'Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday'."],
            Failures(week)
        );
        Assert.Equal(
            [
                "Markets:MARS:TimeZone must be an IANA time zone that this machine knows, such as America/New_York, and is ''.",
                "Markets:MARS:Hours must be given for a market that does not ship, as HH:mm-HH:mm, and is ''.",
            ],
            Failures(("MARS:Name", "Mars"))
        );
        Assert.EndsWith(
            "and is '14:00-22:00, 2100-01-01 14:00-23:00'.",
            Assert.Single(Failures(("NYSE:Hours:0", "14:00-22:00"), ("NYSE:Hours:1", "2100-01-01 14:00-23:00"))),
            StringComparison.Ordinal
        );
    }

    /// <summary>The trigger is at 07:30; a deadline at that minute leaves no time.</summary>
    [Fact]
    public void Deadline_AtTheTrigger_IsRefused() => Assert.Single(Failures(("NYSE:Deadline", "07:30")));

    [Fact]
    public void Cron_OccurrenceAtTheFirstMoment_IsNotAfterIt()
    {
        var cron = CronSchedule.Parse("0 11 20 11 *");

        Assert.Null(cron.Last(TimeZoneInfo.Utc, Utc("2026-11-20T11:00Z"), Utc("2026-11-21T11:00Z")));
        Assert.Equal(Utc("2026-11-20T11:00Z"), cron.Last(TimeZoneInfo.Utc, Utc("2026-11-20T10:59Z"), Utc("2026-11-20T11:01Z")));
        Assert.Throws<ArgumentNullException>("text", () => CronSchedule.Parse(null!));
    }

    [Fact]
    public void JapaneseHolidays_OfAYear_AreOfThatYear() =>
        Assert.All(Enumerable.Range(1993, 40), year => Assert.All(JapaneseHolidays.Of(year).Keys, date => Assert.Equal(year, date.Year)));

    [Fact]
    public void Arguments_OfTheCatalog_AreNamed()
    {
        Assert.Throws<ArgumentNullException>("codes", () => Catalog().OfUser(null!));
        Assert.Equal("market", Assert.Throws<RequestException>(() => Catalog().Get("GONE")).Field);
    }

    private static IEnumerable<string> Failures(params (string Key, string Value)[] settings) =>
        Assert.Throws<OptionsValidationException>(() => Catalog(settings)).Failures;
}
