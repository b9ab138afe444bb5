using Overnight.Core.Portfolios;

namespace Overnight.Core.Market;

/// <summary>
/// The values of a snapshot that are the last stored ones, because no provider delivered them in that run, with their times (UTC).
/// </summary>
/// <param name="Prices">Times by the asset's ordinal.</param>
/// <param name="Rates">Times by currency, of its rate to the dollar, through which it is exchanged.</param>
public sealed record MarketStaleness(IReadOnlyDictionary<int, DateTimeOffset> Prices, IReadOnlyDictionary<string, DateTimeOffset> Rates)
{
    public static MarketStaleness None { get; } = new(new Dictionary<int, DateTimeOffset>(), new Dictionary<string, DateTimeOffset>());

    public bool IsNone => Prices.Count == 0 && Rates.Count == 0;

    /// <summary>The stale values that this portfolio's amounts depend on; null when there are none.</summary>
    internal PortfolioStaleness? Of(UserPortfolio portfolio, IReadOnlyList<SnapshotAsset> assets)
    {
        if (IsNone)
            return null;
        DateTimeOffset? prices = null,
            rates = null;
        foreach (var holding in portfolio.Holdings)
        {
            var asset = assets[holding.Asset];
            if (asset.Price is null)
                continue;
            if (Prices.TryGetValue(holding.Asset, out var priceSince))
                prices = Earlier(prices, priceSince);
            if (asset.Currency == portfolio.BaseCurrency)
                continue;
            if (Rates.TryGetValue(asset.Currency, out var since))
                rates = Earlier(rates, since);
            if (Rates.TryGetValue(portfolio.BaseCurrency, out since))
                rates = Earlier(rates, since);
        }
        if (prices is null && rates is null)
            return null;
        return new(prices is not null, rates is not null, rates is { } time ? Earlier(prices, time) : prices!.Value);
    }

    /// <summary>The same of a snapshot that has these assets alone.</summary>
    /// <param name="ordinals">Ordinals in this snapshot, in the order of those in the other.</param>
    internal MarketStaleness Narrow(ReadOnlySpan<int> ordinals)
    {
        if (Prices.Count == 0)
            return this;
        Dictionary<int, DateTimeOffset> prices = [];
        for (var i = 0; i < ordinals.Length; i++)
        {
            if (Prices.TryGetValue(ordinals[i], out var since))
                prices.Add(i, since);
        }
        return new(prices, Rates);
    }

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;
}

/// <summary>Which kinds of stale values a portfolio's amounts depend on.</summary>
/// <param name="Prices">Whether a price is stale.</param>
/// <param name="Rates">Whether an exchange rate is stale.</param>
/// <param name="Since">Time of the oldest stale value.</param>
internal readonly record struct PortfolioStaleness(bool Prices, bool Rates, DateTimeOffset Since);
