using System.Text;
using Overnight.Api.Dashboard;
using Overnight.Core.Market;

namespace Overnight.Tests.Dashboard;

public sealed class StoredFieldsTests
{
    [Fact]
    public void Fields_OfAnEntry_AreItsOwnAndNotWhatItsTextsQuote()
    {
        StoredFields fields = new(TestResults.Entry(Guid.CreateVersion7()));
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
        StoredFields fields = new(Encoding.UTF8.GetBytes(entry));
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
    public void Time_OfAToken_IsReadOrNull(string token, bool readable) => Assert.Equal(readable, StoredFields.Time(Encoding.UTF8.GetBytes(token)) is not null);

    [Theory]
    [InlineData("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", "fresh")]
    [InlineData("2026-11-20T12:00:00Z", "2026-11-22T20:00:00Z", "fresh")]   // Friday noon, seen on Sunday
    [InlineData("2026-11-20T12:00:00Z", "2026-11-23T23:59:59Z", "fresh")]   // seen on Monday: 12 + 24 h less a second
    [InlineData("2026-11-20T12:00:00Z", "2026-11-24T00:00:00Z", "delayed")] // 36 h
    [InlineData("2026-11-17T12:00:00Z", "2026-11-19T00:00:00Z", "delayed")] // the same within a week
    [InlineData("2026-11-17T12:00:00Z", "2026-11-20T12:00:00Z", "stale")]   // 72 h
    [InlineData("2026-11-20T12:00:00Z", "2027-11-20T12:00:00Z", "stale")]
    [InlineData("2026-11-21T12:00:00Z", "2026-11-20T12:00:00Z", "fresh")]   // clocks of two machines
    public void Status_OfAnAge_CountsWeekdaysOnly(string generatedAt, string now, string status) =>
        Assert.Equal(status, Freshness.Status(DateTimeOffset.Parse(generatedAt), DateTimeOffset.Parse(now)));
}
