using System.Text;
using Overnight.Core.Portfolios;

namespace Overnight.Tests.Calculation;

public sealed class Decimal4Tests
{
    [Theory]
    [InlineData("0.00005", "0.0001")]
    [InlineData("-0.00005", "-0.0001")]
    [InlineData("0.000049999", "0.0000")]
    [InlineData("922337203685477.5807", "922337203685477.5807")]
    [InlineData("-922337203685477.5808", "-922337203685477.5808")]
    [InlineData("-12.3", "-12.3000")]
    public void Round_HalfAwayFromZero_AndFormatsAlike(string value, string expected)
    {
        var number = Decimal4.Round(decimal.Parse(value));
        Span<byte> utf8 = stackalloc byte[Decimal4.MaxLength];

        Assert.Equal(expected, Encoding.UTF8.GetString(utf8[..number.Format(utf8)]));
        Assert.Equal(expected, number.ToString());
    }

    [Fact]
    public void Round_BeyondRange_Throws() => Assert.Throws<OverflowException>(() => Decimal4.Round(922337203685477.58075m));

    [Theory]
    [InlineData(1, 2, 1)]
    [InlineData(-1, 2, -1)]
    [InlineData(1, 3, 0)]
    [InlineData(2, 3, 1)]
    [InlineData(-5, 3, -2)]
    [InlineData(7, 7, 1)]
    [InlineData(0, 5, 0)]
    public void Divide_SmallAndLargeOperands_RoundAlike(long numerator, long denominator, long expected)
    {
        Assert.Equal(expected, Decimal4.Divide(numerator, denominator).Units);
        // The same quotient through the path for numbers beyond 64 bits.
        Assert.Equal(expected, Decimal4.Divide((Int128)numerator << 70, (Int128)denominator << 70).Units);
    }
}
