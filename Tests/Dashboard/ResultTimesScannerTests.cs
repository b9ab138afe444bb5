using System.Text;
using Overnight.Api.Dashboard;
using Overnight.Core.Market.Calendars;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Dashboard;

public sealed class ResultTimesScannerTests
{
    [Fact]
    public void Fields_OfAnEntry_AreItsOwnAndNotWhatItsTextsQuote()
    {
        ResultTimesScanner fields = new(TestResults.Entry(Guid.CreateVersion7()));
        Assert.Equal("\"2026-11-21T03:12:45.123Z\"", Encoding.UTF8.GetString(fields.GeneratedAt));
        Assert.Equal("\"2026-11-20T21:00:00Z\"", Encoding.UTF8.GetString(fields.PricesAsOf));
        Assert.Equal("\"2026-11-20T16:00:00Z\"", Encoding.UTF8.GetString(fields.RatesAsOf));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"dataFreshness\":{")]
    [InlineData("{\"dataFreshness\":{\"pricesAsOf\":null,\"ratesAsOf\":null}}")]
    public void Fields_ThatAreNotThere_AreNull(string entry)
    {
        ResultTimesScanner fields = new(Encoding.UTF8.GetBytes(entry));
        Assert.Equal("null", Encoding.UTF8.GetString(fields.GeneratedAt));
        Assert.Equal("null", Encoding.UTF8.GetString(fields.PricesAsOf));
        Assert.Equal("null", Encoding.UTF8.GetString(fields.RatesAsOf));
    }

    [Theory]
    [InlineData("\"2026-11-21T03:12:45.123Z\"", true)]
    [InlineData("\"2026-11-21T03:12:45Z\"", true)]
    [InlineData("\"2026-02-30T03:12:45Z\"", false)]
    [InlineData("\"2026-11-21T24:12:45Z\"", false)]
    [InlineData("\"2026-1a-21T03:12:45Z\"", false)]
    [InlineData("null", false)]
    [InlineData("", false)]
    public void Time_OfAToken_IsReadOrNull(string token, bool readable) =>
        Assert.Equal(readable, ResultTimesScanner.Time(Encoding.UTF8.GetBytes(token)) is not null);

    [Fact]
    public void Times_OfAnEntry_AreThoseOfItsFieldsAndMarks()
    {
        var entry = Encoding.UTF8.GetString(TestResults.Entry(Guid.CreateVersion7()));
        ResultTimesScanner plain = new(Encoding.UTF8.GetBytes(entry));
        ResultTimesScanner marked = new(
            Encoding.UTF8.GetBytes(
                entry.Replace(
                    "\"criteriaVersion\":\"3\"",
                    "\"criteriaVersion\":\"3\",\"pricesStale\":true,\"ratesStale\":false,\"staleSince\":\"2026-11-18T00:00:00Z\"",
                    StringComparison.Ordinal
                )
            )
        );

        ResultTimes times = new(Utc("2026-11-21T03:12:45Z"), Utc("2026-11-20T21:00:00Z"), Utc("2026-11-20T16:00:00Z"));
        Assert.Equal(times, plain.Times());
        Assert.Equal(times with { PricesStale = true, StaleSince = Utc("2026-11-18T00:00:00Z") }, marked.Times());
        Assert.Equal(default, new ResultTimesScanner("{}"u8).Times());
    }
}
