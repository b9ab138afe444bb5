using Overnight.Core.Market;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using static Overnight.Tests.Providers.ProviderRunRecord;

namespace Overnight.Tests.Providers;

/// <summary>SPEC A9: quotes in hundredths of a currency are converted.</summary>
public sealed class MinorUnitTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GBX", "GBP", "12.3456")]
    [InlineData("GBp", "GBP", "12.3456")]
    [InlineData("ILA", "ILS", "12.3456")]
    [InlineData("ZAc", "ZAR", "12.3456")]
    [InlineData("GBP", "GBP", "1234.56")]
    [InlineData("USD", "USD", "1234.56")]
    public void A9_PriceInAMinorUnit_IsAHundredthOfItsCurrency(string code, string currency, string price)
    {
        var asset = MinorUnits.Convert(new(Guid.Empty, "VOD", code, 1234.56m, []));

        Assert.Equal((currency, decimal.Parse(price)), (asset.Currency, asset.Price));
        Assert.Null(MinorUnits.Convert(asset with { Currency = code, Price = null }).Price);
    }

    [Fact]
    public async Task A9_ProviderThatQuotesPence_IsStoredInPounds()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, time: new TestClock());
        await night.ExecuteAsync("update assets set market = 'LSE', currency = 'GBP'", Ct);
        // One in dollars is not asked for.
        await night.ExecuteAsync("update assets set currency = 'USD' where symbol = (select min(symbol) from assets)", Ct);
        var prices = await PricesAsync(night, Ct);
        await using var stooq = await ProviderServer.StartAsync(
            Behaviour.Answer(Answers.Csv, Answers.Stooq(new(2026, 11, 19), prices.Select(one => ($"{one.Key}.UK", $"{100 * one.Value}"))))
        );
        await using var asking = PipelineFixture.Over(
            night.DatabaseConnection,
            night.CacheConnection,
            50,
            new Dictionary<string, string?>
            {
                ["Providers:Prices:Order"] = "stooq",
                ["Providers:Stooq:BaseUrl"] = stooq.Url,
                ["Providers:Stooq:Suffixes:LSE"] = ".uk",
                ["Providers:Stooq:Units:LSE"] = "GBX",
            },
            new TestClock()
        );

        await asking.RunAsync(Ct);

        var stored = await night.ScalarAsync<long>(
            "select count(*) from prices p join assets a on a.id = p.asset_id where p.source = 'stooq' and a.currency = 'GBP'",
            Ct
        );
        Assert.Equal(prices.Count - 1, stored);
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from prices p join assets a on a.id = p.asset_id where p.source = 'stooq' and a.currency = 'USD'",
                Ct
            )
        );
        // The same price as before it was quoted in pence.
        Assert.Equal(
            0,
            await night.ScalarAsync<long>(
                "select count(*) from prices p join prices q using (asset_id) where p.source = 'stooq' and q.source <> 'stooq' and abs(p.price - q.price) > 0.0001",
                Ct
            )
        );
    }

    /// <summary>An asset whose own unit is pence is valued in pounds.</summary>
    [Fact]
    public async Task A9_AssetStoredInPence_IsValuedInPounds()
    {
        await using var night = await PipelineFixture.CreateAsync(servers, 2, Ct, time: new TestClock());
        var pounds = await ValueAsync("GBP", 1);
        var pence = await ValueAsync("GBX", 100);

        Assert.Equal(pounds, pence);

        async Task<string> ValueAsync(string currency, int factor)
        {
            await night.ExecuteAsync("update assets set currency = $1", Ct, currency);
            await night.ExecuteAsync(
                """
                insert into prices select distinct on (asset_id) asset_id, as_of, price * $1, source, known_at + interval '1 second'
                from prices order by asset_id, known_at desc
                """,
                Ct,
                factor
            );
            var run = await night.RunAsync(Ct, again: true);
            Assert.Equal("completed", run.Status);
            return await night.ScalarAsync<string>(
                "select string_agg(convert_from(recommendations, 'UTF8')::json #>> '{portfolioSummary,totalValue}', ',' order by user_id) from calculation_results where run_id = $1",
                Ct,
                run.Id
            );
        }
    }
}
