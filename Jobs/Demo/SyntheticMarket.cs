namespace Overnight.Jobs.Demo;

/// <summary>A made-up asset; metrics in the order of <see cref="Core.Market.Metrics.Names"/>, null where unknown.</summary>
internal sealed record SyntheticAsset(
    Guid Id,
    string Symbol,
    string Name,
    string Sector,
    string Currency,
    decimal Price,
    decimal?[] Metrics
);

/// <summary>A market for use without imported data: always the same 500 assets in seven currencies, with exchange rates.</summary>
internal static class SyntheticMarket
{
    public const int Count = 500;
    private const ulong Purpose = 0x4D41524B;
    private const long Seed = 1;

    /// <summary>Percent of metrics that an asset lacks.</summary>
    private const int Unknown = 8;

    private static readonly string[] Sectors =
    [
        "Consumer",
        "Energy",
        "Finance",
        "Health",
        "Industry",
        "Materials",
        "Real estate",
        "Technology",
        "Telecommunication",
        "Utilities",
    ];

    /// <summary>Units for one dollar; the usual way round for each pair is that of <see cref="Rates"/>.</summary>
    private static readonly (string Code, decimal PerDollar)[] Currencies =
    [
        ("USD", 1),
        ("EUR", 0.88m),
        ("GBP", 0.76m),
        ("JPY", 150m),
        ("BRL", 5.3m),
        ("CHF", 0.82m),
        ("CAD", 1.38m),
    ];

    /// <summary>Quoted as markets quote them: euro and pound in dollars, the others in units for one dollar.</summary>
    public static IReadOnlyList<(string Base, string Quote, decimal Rate)> Rates { get; } =
    [
        ("EUR", "USD", 1.1364m),
        ("GBP", "USD", 1.3158m),
        ("USD", "JPY", 150m),
        ("USD", "BRL", 5.3m),
        ("USD", "CHF", 0.82m),
        ("USD", "CAD", 1.38m),
    ];

    public static IEnumerable<SyntheticAsset> Assets()
    {
        for (var number = 1; number <= Count; number++)
            yield return Make(number);
    }

    private static SyntheticAsset Make(int number)
    {
        var random = DemoRandom.For(Seed, Purpose, number);
        var (currency, perDollar) = random.Chance(50) ? Currencies[0] : random.Pick(Currencies);
        var price = random.Between(8m, 400m, 2) * perDollar;
        var marketCap = random.Between(2m, 40m, 3);
        // Squared: few giants, many small ones. In billions, of which revenue, earnings and the rest follow.
        marketCap = marketCap * marketCap * 400_000_000m * perDollar;
        var pe = random.Between(6m, 60m, 2);
        var netMargin = random.Between(1m, 32m, 2);
        var earnings = marketCap / pe;
        var payout = random.Between(0m, 85m, 2);
        var roe = random.Between(2m, 35m, 2);
        decimal?[] metrics =
        [
            payout / pe,
            pe,
            pe * roe / 100,
            marketCap,
            earnings * 100 / netMargin,
            earnings,
            random.Between(0, 25),
            roe,
            roe * random.Between(0.2m, 0.8m, 3),
            random.Between(0.05m, 3m, 2),
            random.Between(0.6m, 4m, 2),
            Math.Min(95, netMargin + random.Between(10m, 55m, 2)),
            netMargin,
            payout,
            random.Between(4m, 30m, 2),
        ];
        for (var i = 0; i < metrics.Length; i++)
            metrics[i] = random.Chance(Unknown) ? null : decimal.Round(metrics[i]!.Value, 4, MidpointRounding.AwayFromZero);
        return new(
            DemoIds.Asset(Seed, number),
            $"DM{number:D3}",
            $"Demo company {number:D3}",
            random.Pick(Sectors),
            currency,
            decimal.Round(price, 2, MidpointRounding.AwayFromZero),
            metrics
        );
    }
}
