namespace Overnight.Tests.Properties;

internal sealed record MarketAsset(Guid Id, string Symbol, string Currency);

internal sealed record StoredPrice(Guid Asset, DateTimeOffset AsOf, decimal Price);

internal sealed record StoredRate(string Base, string Quote, DateTimeOffset AsOf, decimal Rate);

internal sealed record StoredFundamentals(Guid Asset, DateTimeOffset AsOf, decimal?[] Values);

/// <summary>One night's market as the tables can hold it, absurd values among the rest.</summary>
internal sealed class RandomMarket
{
    public const int Metrics = 15;

    public static readonly string[] Currencies = ["USD", "EUR", "BRL", "JPY", "AAA", "BBB", "CCC", "ZZZ"];

    /// <summary>The bounds of what is believed are among them, and what is just beyond.</summary>
    private static readonly decimal[] PriceExtremes =
        [0.00000001m, 10_000_000_000m, 10_000_000_000.00000001m, 99_999_999_999.99999999m, 0.01m, 1, 250.125m],
        RateExtremes =
        [0.000000000001m, 0.00000000001m, 1_000_000_000_000m, 9_999_999_999_999_999.999999999999m, 9_000_000_000_000_000m, 1, 5.4321m],
        FundamentalExtremes =
        [99_999_999_999_999_999_999.99999999m, -99_999_999_999_999_999_999.99999999m, 0.00000001m, -0.00000001m, 0, 12.5m];

    public List<StoredPrice> Prices { get; } = [];
    public List<StoredRate> Rates { get; } = [];
    public List<StoredFundamentals> Fundamentals { get; } = [];

    public static RandomMarket Of(Random random, IReadOnlyList<MarketAsset> assets, DateTimeOffset now)
    {
        RandomMarket market = new();
        foreach (var asset in assets)
            market.Add(random, asset, now);
        // Nothing can be valued where nothing has a price, or no currency a rate: that is a failed run, and another test.
        market.Prices.Add(new(assets[0].Id, now, 17.5m));
        market.Rates.Add(new("USD", "EUR", now, 0.9m));
        foreach (var currency in Currencies[2..^1])
        {
            for (var age = random.Next(3); age > 0; age--)
            {
                var rate = Number(random, RateExtremes, 12, 40);
                var asOf = now.AddDays(-age);
                market.Rates.Add(
                    random.Next(5) switch
                    {
                        0 => new("EUR", currency, asOf, rate),
                        1 or 2 => new(currency, "USD", asOf, rate),
                        _ => new("USD", currency, asOf, rate),
                    }
                );
            }
        }
        return market;
    }

    private void Add(Random random, MarketAsset asset, DateTimeOffset now)
    {
        for (var age = random.Next(4); age > 1; age--)
            Prices.Add(new(asset.Id, now.AddDays(-age), Number(random, PriceExtremes, 8, 30)));
        if (random.Next(4) == 0)
            return;
        var values = new decimal?[Metrics];
        for (var m = 0; m < Metrics; m++)
            values[m] = random.Next(3) == 0 ? null : Number(random, FundamentalExtremes, 8, 60) * (random.Next(4) == 0 ? -1 : 1);
        Fundamentals.Add(new(asset.Id, now, values));
    }

    /// <summary>An extreme now and then, else something of any usual magnitude that is no round number.</summary>
    private static decimal Number(Random random, decimal[] extremes, int decimals, int oneIn)
    {
        if (random.Next(oneIn) < 5)
            return extremes[random.Next(extremes.Length)];
        var magnitude = random.Next(-2, 5);
        var value = decimal.Round((decimal)((1 + random.NextDouble() * 8) * Math.Pow(10, magnitude)), Math.Min(decimals, 6));
        return Math.Max(value, 0.001m);
    }
}
