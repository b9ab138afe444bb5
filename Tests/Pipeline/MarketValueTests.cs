using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Pipeline;

/// <summary>SPEC A5, A9: market data of which no user is at fault fails no user that does not rest on it, and never the plan.</summary>
public sealed class MarketValueTests(TestServers servers)
{
    private const decimal Absurd = 9_000_000_000_000_000m;

    [Fact]
    public async Task A9_AbsurdRates_AreRefusedWithTheirReasonInTheRunAndNobodyFails()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 30, ct);
        await night.ExecuteAsync(
            """
            insert into exchange_rates (base, quote, as_of, rate, source) values
                ('USD', 'XAA', now(), 9e15, 'test'), ('XBB', 'USD', now(), 9e15, 'test'), ('USD', 'XCC', now(), 0.000000000001, 'test'),
                ('USD', 'XDD', now() - interval '1 day', 2, 'test'), ('USD', 'XDD', now(), 9e15, 'test'),
                ('USD', 'XEE', '4000-01-01 BC', 2, 'test'), ('USD', 'XFF', 'infinity', 2, 'test')
            """,
            ct
        );
        await night.ExecuteAsync("update users set base_currency = 'XDD' where id = (select min(user_id::text)::uuid from portfolios)", ct);

        var run = await night.RunAsync(ct);

        Assert.Equal("completed", run.Status);
        Assert.Equal(
            ["USD/XAA", "USD/XCC", "USD/XDD", "USD/XEE", "USD/XFF", "XBB/USD"],
            (await RefusedAsync(night, run.Id, "rates", ct)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A9_AbsurdPriceOfAnAsset_IsRefusedWithItsReasonAndTheOneBeforeIsUsed()
    {
        var ct = TestContext.Current.CancellationToken;
        await using var night = await PipelineFixture.CreateAsync(servers, 30, ct);
        var held = await night.ScalarAsync<string>(
            "select symbol from assets where id = (select asset_id from holdings group by 1 order by count(*) desc, 1 limit 1)",
            ct
        );
        await night.ExecuteAsync(
            "insert into assets (id, market, symbol, name, currency) values (gen_random_uuid(), 'NYSE', 'UNHELD', 'Unheld', 'XAA')",
            ct
        );
        await night.ExecuteAsync(
            "insert into exchange_rates (base, quote, as_of, rate, source) values ('USD', 'XAA', now(), 0.00000000001, 'test'), ('USD', 'XBB', now(), 1e12, 'test')",
            ct
        );
        await night.ExecuteAsync("update users set base_currency = 'XBB' where id = (select min(user_id::text)::uuid from portfolios)", ct);
        await night.ExecuteAsync(
            "insert into prices (asset_id, as_of, price, source) select id, now() + interval '1 second', 99999999999.99999999, 'test' from assets where symbol in ('UNHELD', $1)",
            ct,
            held
        );

        var run = await night.RunAsync(ct);

        Assert.Equal(["UNHELD", held], (await RefusedAsync(night, run.Id, "prices", ct)).OrderDescending(StringComparer.Ordinal));
        // Whoever wants amounts in a currency of a trillionth may have too many of them; nobody else is concerned.
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from run_failures f join users u on u.id = f.user_id where f.run_id = $1 and u.base_currency <> 'XBB'",
                ct,
                run.Id
            )
        );
    }

    [Fact]
    public void A9_CrossRateThatOverflows_IsNoRateForThatPairAlone()
    {
        var rates = CrossRates.Compute([
            new("USD", "AAA", Absurd, default),
            new("BBB", "USD", Absurd, default),
            new("USD", "CCC", 0.000_000_000_001m, default),
            new("USD", "DDD", 4, default),
        ]);

        // 8.1e31 is beyond a decimal, and its inverse is less than ten digits of one.
        Assert.DoesNotContain(("BBB", "AAA"), rates.Keys);
        Assert.DoesNotContain(("AAA", "BBB"), rates.Keys);
        Assert.Equal(Absurd, rates[("USD", "AAA")]);
        Assert.Equal(0.25m, rates[("DDD", "USD")]);
        Assert.Equal(Absurd * 4, rates[("BBB", "DDD")]);
        Assert.Equal(9_000_000_000_000_000_000_000_000_000m, rates[("CCC", "AAA")]);
    }

    [Theory]
    // Holdings of an asset in USD, and of one in XXX, which has no rate.
    [InlineData("1", "0", null)]
    [InlineData("0", "0", null)]
    [InlineData("1", "0.00000001", "missing_exchange_rate")]
    public void A5_HoldingOfNothing_NeedsNoRate(string quantity, string foreign, string? reason)
    {
        var market = Market([new("USD", 10), new("XXX", 20)], []);

        var (calculation, failure) = Calculate(market, "USD", decimal.Parse(quantity), decimal.Parse(foreign));

        Assert.Equal(reason, failure?.Reason);
        if (reason is not null)
            return;
        Assert.Equal(decimal.Parse(quantity) * 10, calculation.TotalValue.ToDecimal());
        Assert.Equal(2, calculation.Ranked.Length);
        Assert.Equal(100, calculation.Ranked.ToArray().Sum(r => r.Amount.ToDecimal()) + calculation.Unallocated.ToDecimal());
    }

    [Theory]
    [InlineData("0", null)]
    [InlineData("1", "missing_exchange_rate")]
    public void A5_BaseCurrencyThatNobodyQuotes_FailsWhoHoldsSomething(string quantity, string? reason) =>
        Assert.Equal(reason, Calculate(Market([new("USD", 10)], []), "XXX", decimal.Parse(quantity)).Failure?.Reason);

    [Fact]
    public void A5_PriceThatRoundsToNothing_IsAPriceAndNotMissing()
    {
        var market = Market(
            [new("XXX", 0.00000001m), new("USD", 5), new("USD", null)],
            new() { [("XXX", "USD")] = 0.000_000_000_000_000_000_000_000_1m }
        );

        var (calculation, failure) = Calculate(market, "USD", 7, 1, 1);

        Assert.Null(failure);
        Assert.Equal([0, 1], calculation.Ranked.ToArray().Select(r => r.Holding).Order());
        Assert.Equal(5, calculation.TotalValue.ToDecimal());
    }

    [Fact]
    public void A5_PriceWithoutAValueInACurrency_FailsWhoHoldsItAndNobodyElseOfThatCurrency()
    {
        var market = Market(
            [new("XXX", 9_000_000_000m), new("YYY", 5)],
            new() { [("XXX", "YYY")] = 10_000_000_000_000_000_000_000_000_000m }
        );

        Assert.Null(Calculate(market, "YYY", 0, 1).Failure);
        var failure = Calculate(market, "YYY", 1, 1).Failure!;
        Assert.Equal((CalculationStage.Recommend, "out_of_range"), (failure.Stage, failure.Reason));
        Assert.Contains("A0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A5_PortfolioOfTooManyClasses_IsCalculatedOnTheHeap()
    {
        UserPortfolio portfolio = new() { BaseCurrency = "USD", Contribution = Decimal4.Hundred };
        for (var i = 0; i < 1_000_000; i++)
            portfolio.Classes.Add(new(Guid.Empty, "c"u8.ToArray(), Decimal4.Zero, Decimal4.Hundred, Decimal4.Zero));
        portfolio.Holdings.Add(new(0, 999_999, 1));
        Core.Recommendations.Calculation calculation = new();

        calculation.Run(portfolio, [Criterion], Market([new("USD", 10)], []));

        Assert.Equal(100, calculation.Allocations[999_999].Current.ToDecimal());
    }

    private static Criterion Criterion =>
        new("a"u8.ToArray(), "a"u8.ToArray(), Metric.Roe, ComparisonOperator.Exists, 0, 0, Decimal4.Hundred, 0);

    private static MarketSnapshot Market((string Currency, decimal? Price)[] assets, Dictionary<(string, string), decimal> rates) =>
        new(
            new(Guid.Empty, "NYSE", default, default, null, null),
            [.. assets.Select((a, i) => new SnapshotAsset(Guid.NewGuid(), $"A{i}", a.Currency, a.Price, new decimal?[Metrics.Count]))],
            rates
        );

    private static (Core.Recommendations.Calculation Calculation, CalculationException? Failure) Calculate(
        MarketSnapshot market,
        string baseCurrency,
        params decimal[] quantities
    )
    {
        UserPortfolio portfolio = new() { BaseCurrency = baseCurrency, Contribution = Decimal4.Hundred };
        portfolio.Classes.Add(new(Guid.Empty, "c"u8.ToArray(), Decimal4.Zero, Decimal4.Hundred, Decimal4.Zero));
        for (var i = 0; i < quantities.Length; i++)
            portfolio.Holdings.Add(new(i, 0, quantities[i]));
        Core.Recommendations.Calculation calculation = new();
        try
        {
            calculation.Run(portfolio, [Criterion], market);
            return (calculation, null);
        }
        catch (CalculationException failure)
        {
            return (calculation, failure);
        }
    }

    private static async Task<List<string>> RefusedAsync(PipelineFixture night, Guid run, string feed, CancellationToken ct)
    {
        var details = JsonDocument.Parse(
            await night.ScalarAsync<string>("select error_details::text from overnight_job_runs where id = $1", ct, run)
        );
        return
        [
            .. details
                .RootElement.GetProperty("providers")
                .EnumerateArray()
                .Where(p => p.GetProperty("feed").GetString() == feed)
                .SelectMany(p => p.GetProperty("refusals").EnumerateArray())
                .Select(r => r.GetProperty("key").GetString()!),
        ];
    }
}
