using Overnight.Core.Market.Calendars;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Dashboard;

/// <summary>SPEC C3: stale, else delayed, else provisional, else fresh; by the calendars of the user's markets.</summary>
public sealed class FreshnessTests
{
    [Theory]
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-20T12:31Z", "fresh")]
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-22T20:00Z", "fresh")] // Friday's, seen on Sunday
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-23T13:59:59Z", "fresh")] // Monday, before the deadline
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-23T14:00Z", "delayed")] // half an hour before the open
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-24T13:59:59Z", "delayed")]
    [InlineData("NYSE", "2026-11-20T12:31Z", "2026-11-24T14:00Z", "stale")] // Monday's night is missing, and Tuesday's
    [InlineData("NYSE", "2026-11-20T14:20Z", "2026-11-20T14:30Z", "fresh")] // late, but made for this open
    [InlineData("NYSE", "2026-11-25T12:31Z", "2026-11-27T13:59:59Z", "fresh")] // over Thanksgiving
    [InlineData("NYSE", "2026-11-21T12:00Z", "2026-11-23T20:00Z", "fresh")] // made on Saturday, for Monday
    [InlineData("TSE", "2026-04-30T22:01Z", "2026-05-06T23:00Z", "fresh")] // made for Friday, over Golden Week
    [InlineData("NYSE", "2026-04-30T22:01Z", "2026-05-06T23:00Z", "stale")] // where there is none
    [InlineData("LSE,NYSE", "2026-11-24T06:01Z", "2026-11-25T07:30Z", "delayed")] // the worse of two
    [InlineData("", "2026-11-25T12:31Z", "2026-11-27T13:59:59Z", "fresh")]
    [InlineData("GONE", "2026-11-20T12:31Z", "2027-11-20T12:00Z", "stale")]
    [InlineData("NYSE", "2020-11-20T12:31Z", "2026-11-20T12:00Z", "stale")]
    [InlineData("NYSE", "2026-11-21T12:00Z", "2026-11-20T12:00Z", "fresh")] // clocks of two machines
    public void C3_Nights_MissingByTheirDeadlines_Decide(string markets, string generatedAt, string now, string status) =>
        Assert.Equal(status, Judge(new(Utc(generatedAt)), now, markets));

    [Theory]
    [InlineData("2026-11-27T12:31Z", "2026-11-25T21:00:00Z", "fresh")] // Wednesday's close, for Friday after Thanksgiving
    [InlineData("2026-11-27T12:31Z", "2026-11-25T20:59:59Z", "stale")]
    [InlineData("2026-11-27T12:31Z", "2026-11-25T00:00:00Z", "fresh")] // a date alone is all of that day
    [InlineData("2026-11-27T12:31Z", "2026-11-24T00:00:00Z", "stale")]
    [InlineData("2026-11-27T18:59Z", "2026-11-25T21:00:00Z", "fresh")] // an early close at 18:00, not an hour ago
    [InlineData("2026-11-27T19:00Z", "2026-11-25T21:00:00Z", "stale")]
    [InlineData("2026-11-27T19:00Z", "2026-11-27T00:00:00Z", "fresh")]
    [InlineData("2026-11-27T19:00Z", "2026-05-27T00:00:00Z", "stale")]
    [InlineData("2026-11-27T19:00Z", "2062-10-01T00:00:00Z", "stale")]
    [InlineData("2026-11-27T19:00Z", null, "fresh")]
    public void C3_Prices_OlderThanTheLastCloseAnHourAgo_AreStale(string generatedAt, string? pricesAsOf, string status) =>
        Assert.Equal(status, Judge(new(Utc(generatedAt), PricesAsOf: Time(pricesAsOf)), generatedAt));

    [Theory]
    [InlineData("2026-11-27T12:31Z", "2026-11-26T15:00:00Z", "fresh")] // 16:00 in Berlin, in winter
    [InlineData("2026-11-27T12:31Z", "2026-11-26T14:59:59Z", "stale")]
    [InlineData("2026-11-27T12:31Z", "2026-11-26T00:00:00Z", "fresh")]
    [InlineData("2026-11-27T12:31Z", "2026-11-25T00:00:00Z", "stale")]
    [InlineData("2026-11-27T15:59Z", "2026-11-26T00:00:00Z", "fresh")] // an hour after it
    [InlineData("2026-11-27T16:00Z", "2026-11-26T00:00:00Z", "stale")]
    [InlineData("2026-11-29T20:00Z", "2026-11-27T00:00:00Z", "fresh")] // Friday's, on Sunday
    [InlineData("2026-07-03T13:30Z", "2026-07-02T14:00:00Z", "fresh")] // 16:00 in Berlin, in summer
    [InlineData("2026-07-03T15:00Z", "2026-07-02T14:00:00Z", "stale")]
    [InlineData("2026-11-27T12:31Z", "2026-06-01T00:00:00Z", "stale")]
    [InlineData("2026-11-27T12:31Z", null, "fresh")]
    // The Friday is Christmas Day.
    [InlineData("2026-12-28T12:31Z", "2026-12-24T00:00:00Z", "fresh")]
    [InlineData("2026-12-28T12:31Z", "2026-12-23T00:00:00Z", "stale")]
    // Easter Monday and the day after, before Tuesday's publication; Thursday is the last before Good Friday.
    [InlineData("2027-03-29T12:31Z", "2027-03-25T00:00:00Z", "fresh")]
    [InlineData("2027-03-30T14:59Z", "2027-03-25T00:00:00Z", "fresh")]
    [InlineData("2027-03-30T15:00Z", "2027-03-25T00:00:00Z", "stale")]
    [InlineData("2027-03-29T12:31Z", "2027-03-24T00:00:00Z", "stale")]
    public void C3_Rates_OlderThanTheLastPublication_AreStale(string generatedAt, string? ratesAsOf, string status) =>
        Assert.Equal(status, Judge(new(Utc(generatedAt), RatesAsOf: Time(ratesAsOf)), generatedAt));

    /// <summary>By the calendar of closing days that the European Central Bank publishes.</summary>
    [Theory]
    [InlineData(2026, "01-01, 04-03, 04-06, 05-01, 12-25")]
    [InlineData(2027, "01-01, 03-26, 03-29")]
    [InlineData(2028, "04-14, 04-17, 05-01, 12-25, 12-26")]
    public void C3_Target_IsClosedOnSixHolidays(int year, string closed) =>
        Assert.Equal(
            closed,
            string.Join(
                ", ",
                Enumerable
                    .Range(0, 366)
                    .Select(day => new DateOnly(year, 1, 1).AddDays(day))
                    .Where(date => date.Year == year && !TargetDays.IsOpen(date))
                    .Where(date => date.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                    .Select(date => $"{date:MM-dd}")
            )
        );

    /// <summary>Prices were not too old when it was computed, and do not become so: the night after does.</summary>
    [Fact]
    public void C3_Result_AfterTheNextClose_IsStillFresh() =>
        Assert.Equal(
            "fresh",
            Judge(
                new(Utc("2026-11-20T12:31Z"), PricesAsOf: Utc("2026-11-19T21:00Z"), RatesAsOf: Utc("2026-11-19T00:00Z")),
                "2026-11-22T20:00Z"
            )
        );

    [Theory]
    [InlineData("2026-11-20T13:00Z", "2026-11-19T00:00Z", "provisional")]
    [InlineData("2026-11-23T14:00Z", "2026-11-19T00:00Z", "delayed")]
    [InlineData("2026-11-23T14:00Z", "2026-11-17T00:00Z", "stale")]
    [InlineData("2026-11-24T14:00Z", "2026-11-19T00:00Z", "stale")]
    public void C3_StatusesThatAllHold_TheWorstIsTold(string now, string pricesAsOf, string status) =>
        Assert.Equal(status, Judge(new(Utc("2026-11-20T12:31Z"), PricesAsOf: Utc(pricesAsOf), PricesStale: true), now));

    [Theory]
    [InlineData(true, false, "A provider failed, so stored prices are used, the oldest of 2026-11-18.")]
    [InlineData(false, true, "A provider failed, so stored exchange rates are used, the oldest of 2026-11-18.")]
    [InlineData(true, true, "A provider failed, so stored prices and exchange rates are used, the oldest of 2026-11-18.")]
    public void C3_Provisional_SaysWhatStandsIn(bool prices, bool rates, string reason) =>
        Assert.Equal(
            reason,
            Freshness
                .Judge(
                    new(Utc("2026-11-20T12:31Z"), PricesStale: prices, RatesStale: rates, StaleSince: Utc("2026-11-18T00:00Z")),
                    Utc("2026-11-20T12:31Z"),
                    Catalog().OfUser("NYSE")
                )
                .Reason
        );

    [Fact]
    public void C3_ResultWithoutItsTime_IsStale() => Assert.Equal("stale", Judge(default, "2026-11-20T12:31Z"));

    /// <summary>Each status says why, and of which market, night or day.</summary>
    [Theory]
    [InlineData("2019-11-20T12:31Z", null, null, "NYSE", "stale: It was computed over a year ago.")]
    [InlineData(
        "2026-11-20T12:31Z",
        null,
        null,
        "NYSE",
        "fresh: It prepares the open of NYSE on 2026-11-20, and no later night is past its deadline."
    )]
    [InlineData(
        "2026-11-19T12:31Z",
        null,
        null,
        "NYSE",
        "delayed: The night of NYSE for 2026-11-20 is past its deadline and has not replaced it."
    )]
    [InlineData(
        "2026-11-18T12:31Z",
        null,
        null,
        "NYSE",
        "stale: The nights of NYSE for 2026-11-19 and 2026-11-20 are past their deadlines and have not replaced it."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        "2026-11-18T00:00Z",
        null,
        "NYSE",
        "stale: Its prices are older than the close of NYSE on 2026-11-19, which was known when it was computed."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        null,
        "2026-11-18T00:00Z",
        "NYSE",
        "stale: Its exchange rates are older than those of 2026-11-19, which were known when it was computed."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        "2026-11-21T12:31:01Z",
        null,
        "NYSE",
        "stale: Its prices are dated in the future, so how old they are is not known."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        null,
        "2026-11-21T12:31:01Z",
        "NYSE",
        "stale: Its exchange rates are dated in the future, so how old they are is not known."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        "2026-11-21T12:31Z",
        "2026-11-21T12:31Z",
        "NYSE",
        "fresh: It prepares the open of NYSE on 2026-11-20, and no later night is past its deadline."
    )]
    [InlineData(
        "2026-11-20T12:31Z",
        null,
        null,
        "XETRA,LSE",
        "fresh: It prepares the open of XETRA on 2026-11-23, and no later night is past its deadline."
    )] // of two that are alike, the first
    public void C3_Reason_TellsWhatIsMissing(string generatedAt, string? pricesAsOf, string? ratesAsOf, string markets, string expected)
    {
        var verdict = Freshness.Judge(
            new(Utc(generatedAt), Time(pricesAsOf), Time(ratesAsOf)),
            Utc("2026-11-20T14:15Z"),
            Catalog().OfUser(markets)
        );

        Assert.Equal(expected, $"{verdict.Status.Name()}: {verdict.Reason}");
    }

    [Fact]
    public void C3_Limits_AreToTheSecond()
    {
        var now = Utc("2026-11-20T14:15Z");
        Assert.Equal(
            (FreshnessStatus.Fresh, "The user has no known market whose nights would replace it."),
            Values(Freshness.Judge(new(now.AddDays(-366)), now, []))
        );
        Assert.Equal(
            (FreshnessStatus.Stale, "It was computed over a year ago."),
            Values(Freshness.Judge(new(now.AddDays(-366).AddTicks(-1)), now, []))
        );
        // The clock of the machine that computed it is ahead: its prices are judged by this one's.
        Assert.Equal(
            FreshnessStatus.Stale,
            Freshness.Judge(new(now.AddDays(3), PricesAsOf: now.AddDays(2)), now, Catalog().OfUser("NYSE")).Status
        );
        Assert.Throws<ArgumentNullException>("markets", () => Freshness.Judge(new(now), now, null!));
        Assert.StartsWith(
            "Unknown status.",
            Assert.Throws<ArgumentOutOfRangeException>("status", () => ((FreshnessStatus)9).Name()).Message,
            StringComparison.Ordinal
        );

        static (FreshnessStatus, string) Values(FreshnessVerdict verdict) => (verdict.Status, verdict.Reason);
    }

    /// <summary>A stored value whose time is not known is told without one.</summary>
    [Fact]
    public void C3_Provisional_WithoutATime_SaysNone() =>
        Assert.Equal(
            "A provider failed, so stored prices are used.",
            Freshness.Judge(new(Utc("2026-11-20T12:31Z"), PricesStale: true), Utc("2026-11-20T12:31Z"), Catalog().OfUser("NYSE")).Reason
        );

    private static string Judge(ResultTimes result, string now, string markets = "NYSE") =>
        Freshness.Judge(result, Utc(now), Catalog().OfUser(markets)).Status.Name();

    private static DateTimeOffset? Time(string? text) => text is null ? null : Utc(text);
}
