namespace Overnight.Jobs.Demo;

/// <summary>Something a demo user can hold.</summary>
internal readonly record struct DemoAsset(Guid Id, string Symbol, bool Priced);

/// <summary>A currency that a demo user can have as base, and how many units one dollar buys.</summary>
internal readonly record struct DemoCurrency(string Code, decimal PerDollar);

/// <summary>
/// The assets and base currencies that demo users are made from: those whose currency can be exchanged. Assets are ordered by symbol,
/// so that the same data gives the same users in whatever order a database returns it.
/// </summary>
internal sealed class DemoMarket
{
    /// <summary>Base currencies of demo users, most common first; assets may be in others.</summary>
    private static readonly string[] BaseCurrencies = ["USD", "EUR", "GBP", "BRL", "JPY", "CHF", "CAD", "AUD"];

    public DemoMarket(IEnumerable<DemoAsset> assets, IReadOnlyDictionary<string, decimal> perDollar, IEnumerable<string> knownMetrics)
    {
        Assets = [.. assets.OrderBy(a => a.Symbol, StringComparer.Ordinal).ThenBy(a => a.Id)];
        Priced = [.. Enumerable.Range(0, Assets.Length).Where(i => Assets[i].Priced)];
        Currencies =
        [
            .. BaseCurrencies
                .Where(c => c == "USD" || perDollar.ContainsKey(c))
                .Select(c => new DemoCurrency(c, c == "USD" ? 1 : perDollar[c])),
        ];
        KnownMetrics = [.. knownMetrics.Order(StringComparer.Ordinal)];
    }

    public DemoAsset[] Assets { get; }

    /// <summary>Indexes into <see cref="Assets"/>.</summary>
    public int[] Priced { get; }

    /// <summary>US dollars first.</summary>
    public DemoCurrency[] Currencies { get; }

    /// <summary>Metrics that at least some assets have, by name.</summary>
    public string[] KnownMetrics { get; }
}
