namespace Overnight.Core.Market;

/// <summary>One exchange rate: units of <paramref name="Quote"/> for one unit of <paramref name="Base"/>.</summary>
public sealed record QuotedRate(string Base, string Quote, decimal Rate, DateTimeOffset AsOf);

/// <summary>An asset with its last stored values.</summary>
/// <param name="Market">Code of the market it is listed at.</param>
/// <param name="PriceAsOf">UTC; null without a price.</param>
public sealed record QuotedAsset(SnapshotAsset Asset, string Market, DateTimeOffset? PriceAsOf);

/// <summary>A number as a provider sent it, still text because it is not validated yet.</summary>
/// <param name="Key">Currency or asset that the number is for.</param>
/// <param name="Text">The number with a decimal point; null where the provider has none for the key.</param>
/// <param name="AsOf">UTC; a date without a time is its midnight; null where the provider sent no valid time.</param>
public sealed record FetchedValue<TKey>(TKey Key, string? Text, DateTimeOffset? AsOf);

/// <summary>Rates as a provider sent them, keyed by currency: units of the currency for one unit of <paramref name="Base"/>.</summary>
public sealed record FetchedRates(string Base, IReadOnlyList<FetchedValue<string>> Values);

/// <summary>Fetches all exchange rates in one call; a run fetches them once and uses them for every user.</summary>
public interface IExchangeRateProvider
{
    /// <summary>The name by which the configured order of providers refers to it.</summary>
    string Name { get; }

    Task<FetchedRates> FetchAsync(CancellationToken ct);
}

/// <summary>Fetches the prices of many assets in one call; a run asks once per asset.</summary>
public interface IPriceProvider
{
    /// <summary>The name by which the configured order of providers refers to it.</summary>
    string Name { get; }

    /// <summary>Prices in the assets' own currencies, keyed by asset id; assets that the provider does not have may be left out.</summary>
    Task<IReadOnlyList<FetchedValue<Guid>>> FetchAsync(IReadOnlyList<QuotedAsset> assets, CancellationToken ct);
}
