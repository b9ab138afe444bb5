using Microsoft.Extensions.Options;
using Overnight.Core.Market.Calendars;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

public sealed class MarketConfigurationTests
{
    private static readonly (string, string)[] India = [("TimeZone", "Asia/Kolkata"), ("Hours:0", "09:15-15:30")];

    [Theory]
    [InlineData("Holidays:0", "2026-11-24 Storm", "2026-11-24", "closed", "Storm")]
    [InlineData("Holidays:0", "11-24 Founders' day", "2031-11-24", "closed", "Founders' day")]
    [InlineData("Holidays:0", "easter+1 Easter Monday", "2027-03-29", "closed", "Easter Monday")]
    [InlineData("Holidays:0", "2026-11-24", "2026-11-24", "closed", "holiday")]
    [InlineData("TradingDays:0", "2026-11-26", "2026-11-26", "open", "trading day")]
    [InlineData("TradingDays:0", "2026-11-21 Test of systems", "2026-11-21", "open", "Test of systems")] // a Saturday
    [InlineData("TradingDays:0", "2026-11-27 As any other", "2026-11-27", "open", "As any other")] // not short
    [InlineData("EarlyCloses:0", "2026-11-24 12:15 Repairs", "2026-11-24", "early-close", "Repairs")]
    [InlineData("EarlyCloses:0", "2026-11-26 12:15 Open after all", "2026-11-26", "early-close", "Open after all")]
    [InlineData("EarlyCloses:0", "12-31 13:00 New Year's Eve", "2026-12-31", "early-close", "New Year's Eve")]
    [InlineData("EarlyCloses:0", "11-21 13:00 Some day", "2026-11-21", "closed", "weekend")]
    [InlineData("LateOpens:0", "2026-11-24 11:00 Snow", "2026-11-24", "late-open", "Snow")]
    [InlineData("LateOpens:0", "2026-11-27 11:00 Snow", "2026-11-27", "early-close", "Day after Thanksgiving Day; Snow")]
    public void Day_OfAnOverriddenMarket_IsAsConfigured(string key, string value, string date, string status, string reason)
    {
        var day = Market("NYSE", (key, value)).Day(DateOnly.Parse(date));

        Assert.Equal((status, reason), (day.Status.Name(), day.Reason));
    }

    [Theory]
    // Muhurat trading of 2026: on a Sunday, from 18:15 to 19:15.
    [InlineData("2026-11-08", "18:15", "19:15", "open Muhurat 12:45 13:45 due 10:45")]
    [InlineData("2026-11-07", null, "12:30", "early-close Muhurat 03:45 07:00 due 01:45")]
    [InlineData("2026-11-07", "11:00", null, "late-open Muhurat 05:30 10:00 due 03:30")]
    [InlineData("2026-11-10", "18:15", "19:15", "open Muhurat 12:45 13:45 due 10:45")] // a Tuesday
    public void TradingDay_WithHoursOfItsOwn_IsOpenForThem(string date, string? opens, string? closes, string expected)
    {
        List<(string, string)> settings = [.. India, ("TradingDays:0", $"{date} Muhurat")];
        if (opens is not null)
            settings.Add(("LateOpens:0", $"{date} {opens} Muhurat"));
        if (closes is not null)
            settings.Add(("EarlyCloses:0", $"{date} {closes} Muhurat"));

        var day = Market("NSE", [.. settings]).Day(DateOnly.Parse(date));

        Assert.Equal(expected, $"{day.Status.Name()} {day.Reason} {day.OpenUtc:HH:mm} {day.CloseUtc:HH:mm} due {day.DueUtc:HH:mm}");
    }

    [Fact]
    public void TradingDay_OnAWeekendThatEndsEarly_IsWhatNextOpenAndAnEarlierCronSee()
    {
        var market = Market(
            "NYSE",
            ("TradingDays:0", "2027-01-09 Catching up"),
            ("EarlyCloses:0", "2027-01-09 13:00 Short"),
            ("Cron", "0 7 * * *")
        );

        var day = market.NextOpen(Utc("2027-01-08T22:00Z"))!;

        Assert.Equal((new(2027, 1, 9), "early-close", "Catching up; Short"), (day.Date, day.Status.Name(), day.Reason));
        Assert.Equal((Utc("2027-01-09T18:00Z"), Utc("2027-01-09T12:00Z")), (day.CloseUtc, day.DueUtc));
        // Monday's night is looked for after Saturday's open.
        Assert.Equal(Utc("2027-01-11T12:00Z"), market.Day(new(2027, 1, 11)).DueUtc);
    }

    [Fact]
    public void Hours_FromADayOn_LeaveHistoryAsItWas()
    {
        var market = Market("TSE", ("Hours:0", "2027-01-04 08:30-16:00"), ("Hours:1", "2028-01-04 08:00-16:30"));

        Assert.Equal(
            ["00:00 06:00", "00:00 06:30", "23:30 07:00", "23:00 07:30"],
            ((string[])["2024-11-01", "2026-12-30", "2027-01-04", "2028-01-04"])
                .Select(date => market.Day(DateOnly.Parse(date)))
                .Select(day => $"{day.OpenUtc:HH:mm} {day.CloseUtc:HH:mm}")
        );
    }

    [Fact]
    public void Market_WhollyNewOrLikeAnother_HasItsOwnWeekAndDays()
    {
        var catalog = Catalog(
            ("TADAWUL:TimeZone", "Asia/Riyadh"),
            ("TADAWUL:Hours:0", "10:00-15:00"),
            ("TADAWUL:Weekend:0", "Friday"),
            ("TADAWUL:Weekend:1", "saturday"),
            ("TADAWUL:Holidays:0", "09-23 National Day"),
            ("NASDAQ:Like", "NYSE"),
            ("NASDAQ:Name", "Nasdaq"),
            ("NASDAQ:Lead", "03:00")
        );

        Assert.Equal(["B3", "LSE", "NASDAQ", "NYSE", "TADAWUL", "TSE", "XETRA"], catalog.All.Select(market => market.Code));
        Assert.Equal(
            ["open", "closed", "closed", "open"],
            catalog.Get("TADAWUL").Days(new(2026, 9, 24), new(2026, 9, 27)).Select(day => day.Status.Name())
        );
        Assert.Equal("National Day", catalog.Get("TADAWUL").Day(new(2026, 9, 23)).Reason);
        Assert.Equal("Thanksgiving Day", catalog.Get("NASDAQ").Day(new(2026, 11, 26)).Reason);
        Assert.Equal(Utc("2026-11-24T11:30Z"), catalog.Get("NASDAQ").Day(new(2026, 11, 24)).DueUtc);
    }

    [Theory]
    [InlineData(
        "NYSE:Holidays:0",
        "2026-02-30 Nothing",
        "Markets:NYSE:Holidays:0 must be a day (yyyy-MM-dd, MM-dd for every year, or easter-2 and the like) and a reason, and is '2026-02-30 Nothing'."
    )]
    [InlineData("NYSE:EarlyCloses:0", "2026-02-03 Reason", "Markets:NYSE:EarlyCloses:0 must be a day")]
    [InlineData("NYSE:LateOpens:0", "2026-02-03 25:00", "Markets:NYSE:LateOpens:0 must be a day")]
    [InlineData("NYSE:Holidays:0", "easter+999", "Markets:NYSE:Holidays:0 must be a day")]
    [InlineData("NYSE:Hours:0", "16:00-09:30", "Markets:NYSE:Hours:0 must be HH:mm-HH:mm, the open before the close")]
    [InlineData("NYSE:Hours:0", "always", "and is 'always'")]
    [InlineData("NYSE:Lead", "2", "Markets:NYSE:Lead must be between 00:01:00 and 1.00:00:00, and is '2.00:00:00'.")]
    [InlineData("NYSE:Lead", "00:00:30", "must be between 00:01:00 and 1.00:00:00, and is '00:00:30'.")]
    [InlineData("NYSE:Cron", "0 30 11 * * 1-5", "Markets:NYSE:Cron: '0 30 11 * * 1-5' has 6 fields")]
    [InlineData(
        "NYSE:TimeZone",
        "Mars/Olympus",
        "Markets:NYSE:TimeZone must be an IANA time zone that this machine knows, such as America/New_York, and is 'Mars/Olympus'."
    )]
    [InlineData("NYSE:Weekend:0", "Caturday", "Markets:NYSE:Weekend:0 must be a day of the week")]
    [InlineData("NYSE:Holiday:0", "2026-02-03", "Markets:NYSE:Holiday is not known")]
    [InlineData("NYSE:Holidays", "2026-02-03", "Markets:NYSE:Holidays must be a list")]
    [InlineData("MARS:Name", "Mars", "Markets:MARS:Hours must be given")]
    [InlineData("mars:Like", "NYSE", "Markets:mars must be named by 2 to 12 letters and digits in upper case")]
    [InlineData("MARS:Like", "VENUS", "Markets:MARS:Like must be one of B3, LSE, NYSE, TSE, XETRA, and is 'VENUS'.")]
    public void Markets_ConfiguredWrongly_AreRefusedWithKeyBoundAndValue(string key, string value, string message)
    {
        var exception = Assert.Throws<OptionsValidationException>(() => Catalog((key, value)));

        Assert.Contains(message, string.Join('\n', exception.Failures), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EarlyCloses:0", "2026-11-09 08:00 Early", "must be after the open, which is at 09:15 on 2026-11-09")]
    [InlineData("EarlyCloses:0", "2026-11-09 09:15 Early", "must be after the open, which is at 09:15 on 2026-11-09")]
    [InlineData("LateOpens:0", "2026-11-09 18:15 Late", "must be before the close, which is at 15:30 on 2026-11-09")]
    [InlineData("LateOpens:0", "2026-11-09 15:30 Late", "must be before the close, which is at 15:30 on 2026-11-09")]
    [InlineData("EarlyCloses:0", "11-09 08:00 Early", "must be after the open, which is at 09:15 on 1993-11-09")]
    [InlineData("LateOpens:0", "easter+1 18:15 Late", "must be before the close, which is at 15:30 on 1993-04-12")]
    [InlineData("EarlyCloses:0", "2026-11-08 12:00 Early", "must be a day of trading: 2026-11-08 is a Sunday, and not among TradingDays")]
    [InlineData("LateOpens:0", "2026-11-07 12:00 Late", "must be a day of trading: 2026-11-07 is a Saturday, and not among TradingDays")]
    public void Session_ThatCantBe_IsRefusedWithKeyBoundAndValue(string key, string value, string bound) =>
        Assert.Equal($"Markets:NSE:{key} {bound}, and is '{value}'.", Assert.Single(Failures([.. India, (key, value)])));

    [Fact]
    public void Session_ThatCantBeForTwoSettings_IsRefused()
    {
        Assert.Equal(
            ["Markets:NSE:EarlyCloses:0 must be after the open, which is at 14:00 on 2026-11-09, and is '2026-11-09 12:00'."],
            Failures([.. India, ("LateOpens:0", "2026-11-09 14:00"), ("EarlyCloses:0", "2026-11-09 12:00")])
        );
        // NYSE closes at 13:00 on the day after Thanksgiving.
        Assert.Equal(
            ["Markets:NSE:LateOpens:0 must be before the close, which is at 13:00 on 2026-11-27, and is '2026-11-27 14:00'."],
            Failures(("Like", "NYSE"), ("LateOpens:0", "2026-11-27 14:00"))
        );
        Assert.StartsWith(
            "Markets:NSE:Hours must leave time for the session of 1993-11-26 (Day after Thanksgiving Day), from 14:00 to 13:00",
            Assert.Single(Failures(("Like", "NYSE"), ("Hours:0", "14:00-22:00"))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Markets_WrongInSeveralPlaces_SayAllOfThem()
    {
        var exception = Assert.Throws<OptionsValidationException>(() =>
            Catalog(("NYSE:Lead", "2"), ("LSE:Cron", "never"), ("LSE:Lead", "01:00"))
        );

        Assert.Collection(
            exception.Failures.Order(StringComparer.Ordinal),
            one => Assert.StartsWith("Markets:LSE:Cron must not be given together with Lead", one, StringComparison.Ordinal),
            two => Assert.StartsWith("Markets:LSE:Cron: 'never' has 1 fields", two, StringComparison.Ordinal),
            three => Assert.StartsWith("Markets:NYSE:Lead must be between", three, StringComparison.Ordinal)
        );
    }

    private static IEnumerable<string> Failures(params (string Key, string Value)[] settings) =>
        Assert.Throws<OptionsValidationException>(() => Market("NSE", settings)).Failures;
}
