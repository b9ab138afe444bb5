using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Tests.Calculation;

/// <summary>SPEC A5: what a user has much of costs memory, and never the process.</summary>
public sealed class ExtremeTests
{
    /// <summary>Sums by class once lay on the stack, which this would overflow.</summary>
    [Fact]
    public void A5_UserWithAMillionClasses_IsComputed()
    {
        const int classes = 1_000_000;
        UserPortfolio portfolio = new() { UserId = Guid.NewGuid(), BaseCurrency = "USD" };
        ReadOnlyMemory<byte> name = "Shares"u8.ToArray();
        for (var i = 0; i < classes; i++)
            portfolio.Classes.Add(new(default, name, Decimal4.Zero, Decimal4.Hundred, Decimal4.Zero));
        portfolio.Holdings.Add(new(0, classes - 1, 2));
        List<Criterion> criteria = [];
        CriteriaParser.Read("""[{"id":"a","name":"a","metric":"pe_ratio","operator":"gt","value":"1","points":1}]"""u8.ToArray(), criteria);
        MarketSnapshot market = new(
            new(Guid.NewGuid(), "NYSE", new(2026, 11, 20), DateTimeOffset.UnixEpoch, null, null),
            [new(Guid.NewGuid(), "AAA", "USD", 10m, new decimal?[Metrics.Count])],
            new Dictionary<(string, string), decimal>()
        );
        Core.Recommendations.Calculation calculation = new();

        calculation.Run(portfolio, criteria.ToArray(), market);

        Assert.Equal(classes, calculation.Allocations.Length);
        Assert.Equal(20m, calculation.Allocations[^1].Value);
    }
}
