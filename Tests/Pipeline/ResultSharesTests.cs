using Overnight.Core.Portfolios;
using Overnight.Jobs.Pipeline;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC B3: a result whose shares after buying do not add up is not stored.</summary>
public sealed class ResultSharesTests
{
    [Theory]
    [InlineData(null)]
    [InlineData(null, 1_000_000)]
    [InlineData(null, 333_333, 666_667)]
    // Both were rounded up, or each of three down.
    [InlineData(null, 333_334, 666_667)]
    [InlineData(null, 333_333, 333_333, 333_333)]
    // Worth nothing.
    [InlineData(null, 0, 0)]
    [InlineData("add up to 100.0001 %", 1_000_001)]
    [InlineData("add up to 99.9998 %", 333_333, 666_665)]
    [InlineData("add up to 200.0000 %", 1_000_000, 1_000_000)]
    [InlineData("The share -0.0001 ", -1, 1_000_001)]
    public void B3_SharesAfterBuying_AddUpWithinTheirRounding(string? error, params int[] units)
    {
        var thrown = Record.Exception(() => ResultValidator.CheckShares(units.Select(u => new Decimal4(u)).ToArray()));

        if (error is null)
            Assert.Null(thrown);
        else
            Assert.Contains(error, Assert.IsType<CalculationException>(thrown).Message, StringComparison.Ordinal);
    }
}
