using System.Text;
using Overnight.Api.Dashboard;
using Overnight.Core.Market;
using Overnight.Tests.Scheduling;

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
    public void Time_OfAToken_IsReadOrNull(string token, bool readable) =>
        Assert.Equal(readable, StoredFields.Time(Encoding.UTF8.GetBytes(token)) is not null);

    [Theory]
    [InlineData("NYSE", "2026-11-20T12:31:00Z", "2026-11-20T12:31:00Z", "fresh")]
    [InlineData("NYSE", "2026-11-20T12:31:00Z", "2026-11-22T20:00:00Z", "fresh")] // Friday's, seen on Sunday
    [InlineData("NYSE", "2026-11-20T12:31:00Z", "2026-11-23T14:29:59Z", "fresh")] // Monday, before the open
    [InlineData("NYSE", "2026-11-20T12:31:00Z", "2026-11-23T14:30:00Z", "delayed")] // Monday's night was missed
    [InlineData("NYSE", "2026-11-20T12:31:00Z", "2026-11-24T14:30:00Z", "stale")] // and Tuesday's
    [InlineData("NYSE", "2026-11-25T12:31:00Z", "2026-11-27T14:29:59Z", "fresh")] // over Thanksgiving
    [InlineData("NYSE", "2026-11-21T12:00:00Z", "2026-11-23T20:00:00Z", "fresh")] // made on Saturday, for Monday
    [InlineData("TSE", "2026-04-30T22:01:00Z", "2026-05-06T23:00:00Z", "fresh")] // made for Friday, over Golden Week
    [InlineData("NYSE", "2026-04-30T22:01:00Z", "2026-05-06T23:00:00Z", "stale")] // where there is none
    [InlineData("LSE,NYSE", "2026-11-24T06:01:00Z", "2026-11-25T08:00:00Z", "delayed")] // the worse of two
    [InlineData("", "2026-11-25T12:31:00Z", "2026-11-27T14:29:59Z", "fresh")]
    [InlineData("GONE", "2026-11-20T12:31:00Z", "2027-11-20T12:00:00Z", "stale")]
    [InlineData("NYSE", "2026-11-21T12:00:00Z", "2026-11-20T12:00:00Z", "fresh")] // clocks of two machines
    public void Status_OfAResult_CountsTheOpensThatANightShouldHavePrepared(
        string markets,
        string generatedAt,
        string now,
        string status
    ) =>
        Assert.Equal(
            status,
            Freshness.Status(DateTimeOffset.Parse(generatedAt), DateTimeOffset.Parse(now), TestMarkets.Catalog().OfUser(markets))
        );
}
