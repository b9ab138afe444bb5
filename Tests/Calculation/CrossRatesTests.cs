using Overnight.Core.Market;

namespace Overnight.Tests.Calculation;

public sealed class CrossRatesTests
{
    [Fact]
    public void Compute_ThroughDollar_HasTenSignificantDigits()
    {
        var rates = CrossRates.Compute([
            new("EUR", "USD", 1.1432m, default),
            new("USD", "JPY", 157.913m, default),
            new("USD", "BRL", 5.4m, default),
        ]);

        Assert.Equal(1.1432m, rates[("EUR", "USD")]);
        Assert.Equal(0.8747375787m, rates[("USD", "EUR")]);
        Assert.Equal(180.5261416m, rates[("EUR", "JPY")]);
        Assert.Equal(0.03419604466m, rates[("JPY", "BRL")]);
        Assert.Equal(12, rates.Count);
    }

    [Theory]
    [InlineData("1234567890123", "1234567890000")]
    [InlineData("0.000012345678905", "0.00001234567891")]
    [InlineData("1", "1")]
    [InlineData("0", "0")]
    public void Round_AnyMagnitude_KeepsTenDigits(string value, string expected) =>
        Assert.Equal(decimal.Parse(expected), CrossRates.Round(decimal.Parse(value)));
}
