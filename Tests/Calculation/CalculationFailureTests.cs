using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Tests.Calculation;

/// <summary>SPEC A5: why a user can't be computed, with stage, reason and what is wrong.</summary>
public sealed class CalculationFailureTests
{
    private static readonly Criterion[] Criteria =
    [
        new("a"u8.ToArray(), "a"u8.ToArray(), Metric.Roe, ComparisonOperator.Exists, 0, 0, new(10_000), 0),
    ];

    [Fact]
    public void Run_WithoutCriteria_IsRefused() =>
        AssertFails("Load", "no_criteria", "The user has no criteria.", Portfolio(1), Market("USD", 1), []);

    [Fact]
    public void Run_WithoutAnyPrice_SaysOfHowMany() =>
        AssertFails("Score", "no_priced_holding", "None of the 1 holdings has a price.", Portfolio(1), Market("USD", null));

    [Fact]
    public void Run_WithoutARate_NamesTheCurrencies()
    {
        AssertFails(
            "Recommend",
            "missing_exchange_rate",
            "There is no exchange rate from EUR to USD.",
            Portfolio(1),
            Market("EUR", 1, ("GBP", "USD"))
        );
        // The base currency is in no asset and in no rate.
        AssertFails("Recommend", "missing_exchange_rate", "There is no exchange rate from EUR to USD.", Portfolio(1), Market("EUR", 1));
        AssertFails("Score", "no_priced_holding", "None of the 1 holdings has a price.", Portfolio(1), Market("EUR", null));
        // What is nothing is worth nothing, at any rate.
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(Portfolio(0), Criteria, Market("EUR", 1));
        Assert.Equal(Decimal4.Zero, calculation.TotalValue);
    }

    [Fact]
    public void Run_PriceThatNoRateConverts_NamesIt() =>
        AssertFails(
            "Recommend",
            "out_of_range",
            $"The price of AAA, {decimal.MaxValue} EUR, can't be converted to USD: the value is too large.",
            Portfolio(1),
            Market("EUR", decimal.MaxValue, ("EUR", "USD"))
        );

    [Fact]
    public void Run_ValueOutOfRange_SaysTheLimit()
    {
        AssertFails(
            "Recommend",
            "out_of_range",
            "The portfolio's value is 922337203685477.5808 USD; the largest value that can be calculated is 922337203685477.5807.",
            Portfolio(922_337_203_685_477.5808m),
            Market("USD", 1)
        );
        AssertFails(
            "Recommend",
            "out_of_range",
            "A value of the portfolio is outside the range of a number with 4 decimals, \u00b1922,337,203,685,477.5807.",
            Portfolio(decimal.MaxValue),
            Market("USD", 2)
        );
        Core.Recommendations.Calculation calculation = new();
        calculation.Run(Portfolio(922_337_203_685_477.5807m), Criteria, Market("USD", 1));
        Assert.Equal(Decimal4.MaxValue, calculation.TotalValue);
    }

    [Theory]
    [InlineData(0, -10.5, null)]
    [InlineData(0, -10.5001, "10.5000")]
    [InlineData(PortfolioHolding.Unclassified, -0.0001, "0.0000")]
    public void Run_CashBelowWhatItsClassHas_IsRefused(int index, double amount, string? has)
    {
        var portfolio = Portfolio(10.5m);
        Core.Recommendations.Calculation calculation = new() { Cash = new(index, (decimal)amount) };
        if (has is null)
        {
            calculation.Run(portfolio, Criteria, Market("USD", 1));
            Assert.Equal((Decimal4.Zero, 0m), (calculation.TotalValue, calculation.Allocations[0].Value));
            return;
        }

        var exception = Assert.Throws<CalculationException>(() => calculation.Run(portfolio, Criteria, Market("USD", 1)));

        Assert.Equal($"Cash of {amount} USD leaves its class with a value below 0; it has {has}.", exception.Message);
    }

    [Theory]
    [InlineData(50, 40, 20)]
    [InlineData(50, -40, -20)]
    [InlineData(-50, 40, -20)]
    [InlineData(-50, -40, -20)] // of a class with too much, and a bad score
    [InlineData(-50, 0, 0)]
    public void Priority_OfTwoSigns_IsPositiveOnlyForTwoPositive(int gap, int score, int priority) =>
        Assert.Equal(new Decimal4(priority * 10_000), Core.Recommendations.Calculation.Priority(new(gap * 10_000), new(score * 10_000)));

    [Fact]
    public void Arguments_ThatAreNull_AreNamed()
    {
        Core.Recommendations.Calculation calculation = new();
        var (portfolio, market) = (Portfolio(1), Market("USD", 1));
        ResultContext context = new("NYSE", default, 1, Guid.Empty);
        ResultWriter writer = new(market, context);

        Assert.Throws<ArgumentNullException>("portfolio", () => calculation.Run(null!, Criteria, market));
        Assert.Throws<ArgumentNullException>("market", () => calculation.Run(portfolio, Criteria, null!));
        Assert.Throws<ArgumentNullException>("market", () => Scorer.Score(Criteria, null!, 0));
        Assert.Throws<ArgumentNullException>("market", () => new ResultWriter(null!, context));
        Assert.Throws<ArgumentNullException>("context", () => new ResultWriter(market, null!));
        Assert.Throws<ArgumentNullException>("portfolio", () => writer.Recommendations(null!, Criteria, calculation, default));
        Assert.Throws<ArgumentNullException>("calculation", () => writer.Recommendations(portfolio, Criteria, null!, default));
        Assert.Throws<ArgumentNullException>("portfolio", () => writer.Portfolio(null!, calculation, default));
        Assert.Throws<ArgumentNullException>("calculation", () => writer.Portfolio(portfolio, null!, default));
    }

    [Theory]
    [InlineData(0, true, "Writer version 0 is unknown; this build writes 1 to 2.")]
    [InlineData(3, true, "Writer version 3 is unknown; this build writes 1 to 2.")]
    [InlineData(2, false, "Writer version 2 needs a market snapshot with names.")]
    [InlineData(1, true, null)]
    [InlineData(1, false, null)]
    [InlineData(2, true, null)]
    public void Writer_OfAVersion_IsRefusedWhereItCantWrite(int version, bool hasNames, string? message)
    {
        var market = Market("USD", 1, hasNames);
        ResultContext context = new("NYSE", default, 1, Guid.Empty);
        if (message is null)
        {
            Assert.Equal(version, new ResultWriter(market, context, version).Version);
            return;
        }

        var exception = Assert.Throws<ArgumentException>(nameof(version), () => new ResultWriter(market, context, version));

        Assert.StartsWith(message, exception.Message, StringComparison.Ordinal);
        Assert.Equal(hasNames ? 2 : 1, new ResultWriter(market, context).Version);
    }

    private static void AssertFails(
        string stage,
        string reason,
        string message,
        UserPortfolio portfolio,
        MarketSnapshot market,
        Criterion[]? criteria = null
    )
    {
        Core.Recommendations.Calculation calculation = new();
        var exception = Assert.Throws<CalculationException>(() => calculation.Run(portfolio, criteria ?? Criteria, market));
        Assert.Equal((stage, reason, message), ($"{exception.Stage}", exception.Reason, exception.Message));
    }

    private static UserPortfolio Portfolio(decimal quantity)
    {
        UserPortfolio portfolio = new() { UserId = Guid.Empty, BaseCurrency = "USD" };
        portfolio.Classes.Add(new(default, "A"u8.ToArray(), Decimal4.Zero, Decimal4.Hundred, Decimal4.Zero));
        portfolio.Holdings.Add(new(0, 0, quantity));
        return portfolio;
    }

    private static MarketSnapshot Market(string currency, decimal? price, params (string, string)[] rates) =>
        Market(currency, price, true, rates);

    private static MarketSnapshot Market(string currency, decimal? price, bool hasNames, params (string, string)[] rates) =>
        new(
            new(Guid.Empty, "NYSE", default, default, null, null),
            [new(Guid.Empty, "AAA", currency, price, new decimal?[Metrics.Count], hasNames ? "Alpha" : null)],
            rates.ToDictionary(pair => pair, _ => 2m)
        );
}
