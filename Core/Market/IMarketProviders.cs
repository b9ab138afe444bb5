namespace Overnight.Core.Market;

/// <summary>One exchange rate: units of <paramref name="Quote"/> for one unit of <paramref name="Base"/>.</summary>
public sealed record QuotedRate(string Base, string Quote, decimal Rate, DateTimeOffset AsOf);

/// <summary>An asset with the last values that are stored of it.</summary>
/// <param name="Market">Code of the market it is listed at.</param>
/// <param name="PriceAsOf">UTC; null without a price.</param>
public sealed record QuotedAsset(SnapshotAsset Asset, string Market, DateTimeOffset? PriceAsOf);

/// <summary>A number as a provider sent it: text, for it is not believed yet.</summary>
/// <param name="Text">With a point for decimals; null where the provider has nothing for the key.</param>
/// <param name="AsOf">UTC; a date alone is its midnight; null where what the provider sent is no time.</param>
public sealed record FetchedValue<TKey>(TKey Key, string? Text, DateTimeOffset? AsOf);

/// <summary>Rates as a provider sent them, keyed by currency: units of it for one unit of <paramref name="Base"/>.</summary>
public sealed record FetchedRates(string Base, IReadOnlyList<FetchedValue<string>> Values);

/// <summary>Fetches exchange rates, all of them at once; a run asks once and uses the answer for every user.</summary>
public interface IExchangeRateProvider
{
    /// <summary>As the configured order names it.</summary>
    string Name { get; }

    Task<FetchedRates> FetchAsync(CancellationToken ct);
}

/// <summary>Fetches prices, of many assets at once; a run asks once per asset.</summary>
public interface IPriceProvider
{
    /// <summary>As the configured order names it.</summary>
    string Name { get; }

    /// <summary>Prices in the assets' own currencies, keyed by asset id; assets that the provider does not have may be left out.</summary>
    Task<IReadOnlyList<FetchedValue<Guid>>> FetchAsync(IReadOnlyList<QuotedAsset> assets, CancellationToken ct);
}
