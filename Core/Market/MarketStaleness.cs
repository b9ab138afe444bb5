using Overnight.Core.Portfolios;

namespace Overnight.Core.Market;

/// <summary>
/// Which parts of a snapshot are last stored values, because no provider delivered them that night, and the times they are of (UTC).
/// </summary>
/// <param name="Prices">By the asset's ordinal.</param>
/// <param name="Rates">By currency: its rate to the dollar, through which it is exchanged.</param>
public sealed record MarketStaleness(IReadOnlyDictionary<int, DateTimeOffset> Prices, IReadOnlyDictionary<string, DateTimeOffset> Rates)
{
    public static MarketStaleness None { get; } = new(new Dictionary<int, DateTimeOffset>(), new Dictionary<string, DateTimeOffset>());

    public bool IsNone => Prices.Count == 0 && Rates.Count == 0;

    /// <summary>What of it this portfolio's amounts rest on; null when nothing.</summary>
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

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;
}

/// <param name="Since">The time of the oldest value that stands in for a newer one.</param>
internal readonly record struct PortfolioStaleness(bool Prices, bool Rates, DateTimeOffset Since);
