namespace Overnight.Core.Market;

/// <summary>One exchange rate: units of <paramref name="Quote"/> for one unit of <paramref name="Base"/>.</summary>
public sealed record QuotedRate(string Base, string Quote, decimal Rate, DateTimeOffset AsOf);

/// <summary>Fetches exchange rates, all of them at once; a run asks once and uses the answer for every user.</summary>
public interface IExchangeRateProvider
{
    string Name { get; }

    Task<IReadOnlyList<QuotedRate>> FetchAsync(CancellationToken ct);
}

/// <summary>An asset with what a provider knows of it.</summary>
/// <param name="PriceAsOf">UTC; null without a price.</param>
public sealed record QuotedAsset(SnapshotAsset Asset, DateTimeOffset? PriceAsOf);

/// <summary>Fetches prices and fundamentals of every asset that can be held; once per run.</summary>
public interface IPriceProvider
{
    string Name { get; }

    Task<IReadOnlyList<QuotedAsset>> FetchAsync(CancellationToken ct);
}
