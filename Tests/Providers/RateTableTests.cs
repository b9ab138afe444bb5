using Overnight.Core.Market;
using Overnight.Jobs.Providers;

namespace Overnight.Tests.Providers;

/// <summary>Rates of several sources in one table: each currency has one rate to the dollar, of one source.</summary>
public sealed class RateTableTests
{
    private static readonly DateTimeOffset Friday = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero),
        Monday = Friday.AddDays(-4);
    private static readonly HashSet<string> Needed = ["USD", "EUR", "GBP", "JPY"];

    [Fact]
    public void ToDollar_RatesForOneEuro_GoThroughTheDollar()
    {
        var quotes = RateTable.ToDollar("EUR", Answer(("USD", 1.25m), ("GBP", 0.9m)));

        Assert.Equal([new("EUR", "USD", 1.25m, Friday), new QuotedRate("USD", "GBP", 0.72m, Friday)], quotes);
    }

    [Fact]
    public void ToDollar_WithoutTheDollar_IsAFailure() =>
        Assert.Equal(
            ProviderFault.NoDollarRate,
            Assert.Throws<ProviderException>(() => RateTable.ToDollar("EUR", Answer(("GBP", 0.9m)))).Reason
        );

    [Theory]
    [InlineData("0.00000001", "1000000000")]
    [InlineData("1000000000000", "0.00000001")]
    public void ToDollar_ResultThatTheTableCannotHold_IsNotBelieved(string dollar, string pound) =>
        Assert.Equal(
            ProviderFault.NotBelieved,
            Assert
                .Throws<ProviderException>(() =>
                    RateTable.ToDollar("EUR", Answer(("USD", decimal.Parse(dollar)), ("GBP", decimal.Parse(pound))))
                )
                .Reason
        );

    [Fact]
    public void Stored_QuotedTheOtherWayRound_DoesNotComeBesideANewerRate()
    {
        RateTable table = new([new("GBP", "USD", 1.3m, Monday), new("EUR", "GBP", 0.5m, Monday), new("EUR", "USD", 1.1m, Monday)]);
        table.Use([new("USD", "GBP", 0.8m, Friday)], Needed);
        var report = table.UseStored("stored", stale: true, Needed);

        var answer = table.Answer([]);
        var rates = CrossRates.Compute(answer.Quotes);

        Assert.Equal((0.8m, 1.25m), (rates[("USD", "GBP")], rates[("GBP", "USD")]));
        Assert.Equal(("stale", 1, Monday), (report.Outcome, report.Values, report.StaleSince));
        Assert.Equal([KeyValuePair.Create("EUR", Monday)], answer.Stale);
        Assert.False(table.Covers(Needed));
    }

    [Fact]
    public void LastRate_OfACross_IsOfItsOlderLeg()
    {
        RateTable table = new([new("GBP", "USD", 1.2m, Monday), new("EUR", "USD", 1.5m, Friday)]);

        Assert.Equal(new LastValue(1.25m, Monday), table.LastRate("EUR", "GBP"));
        Assert.Equal(new LastValue(1.5m, Friday), table.LastRate("EUR", "USD"));
        Assert.Null(table.LastRate("EUR", "JPY"));
    }

    private static ValidatedQuotes<string> Answer(params (string Currency, decimal Rate)[] rates) =>
        new(rates.ToDictionary(r => r.Currency, r => new LastValue(r.Rate, Friday)), []);
}
