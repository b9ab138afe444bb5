using Microsoft.Extensions.Options;
using Overnight.Core;
using Overnight.Core.Market;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Runs;

namespace Overnight.Jobs.Providers;

/// <summary>
/// Assets with the prices of a run, the times of stale ones by the asset's index, and a report per provider.
/// </summary>
internal sealed record PriceFeedResult(
    IReadOnlyList<QuotedAsset> Assets,
    IReadOnlyDictionary<int, DateTimeOffset> Stale,
    IReadOnlyList<ProviderReport> Reports
);

/// <summary>
/// Asks the configured providers in order until each asset has its price; the others get their last stored one. Fundamentals come from
/// the tables.
/// </summary>
internal sealed class PriceFeed(
    MarketDataStore stored,
    IEnumerable<IPriceProvider> providers,
    ProviderCall call,
    MarketCatalog markets,
    IOptions<ProvidersOptions> options,
    TimeProvider time
)
{
    private const string Feed = "prices";

    private readonly FeedOptions _options = options.Value.Prices;

    /// <exception cref="NoMarketValuesException">There are assets, and none has a price.</exception>
    public async Task<PriceFeedResult> FetchAsync(CancellationToken ct)
    {
        var (assets, refused) = await stored.AssetsAsync(ct);
        var open = Enumerable.Range(0, assets.Length).ToHashSet();
        Dictionary<int, DateTimeOffset> stale = [];
        var reports = await ProviderFallback.AskAsync(
            Feed,
            _options.Names(),
            () => new(open.Count == 0),
            (name, isStale) => UseStored(name, isStale, assets, refused, open, stale),
            name => AskAsync(providers.First(p => p.Name == name), assets, open, ct)
        );
        if (assets.Length == 0 || assets.Any(a => a.Asset.Price is not null))
            return new(assets, stale, reports);
        throw new NoMarketValuesException(
            $"None of {Plural.Of(assets.Length, "asset")} has a price, neither from a provider nor stored{ProviderReport.Failures(reports)}. Import some (jobs import companies FILE), or configure {ProvidersOptions.Section}:Prices:Order."
        );
    }

    private async Task<ProviderReport> AskAsync(IPriceProvider provider, QuotedAsset[] assets, HashSet<int> open, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        QuoteValidator validator = new(_options, now, MarketBounds.MostPrice);
        var places = open.ToDictionary(i => assets[i].Asset.Id);
        var opens = markets.All.ToDictionary(
            market => market.Code,
            market => Publications.LastOpen(market, now - _options.PublishedWithin)
        );
        var (answer, report) = await call.TryAsync(
            Feed,
            provider.Name,
            options.Value.BudgetOf(provider.Name),
            async token =>
            {
                var fetched = await provider.FetchAsync([.. open.Order().Select(i => assets[i])], token);
                return validator.Check(
                    fetched,
                    id => assets[places[id]].Asset.Symbol,
                    id => Last(assets[places[id]]),
                    places.Keys,
                    id => opens.GetValueOrDefault(assets[places[id]].Market, AgeLimit.None)
                );
            },
            ct
        );
        if (answer is null)
            return report;

        // Rounded as the table stores them, so that the next run compares with the same numbers.
        var prices = answer.Values.ToDictionary(
            p => p.Key,
            p => p.Value with { Value = decimal.Round(p.Value.Value, 8, MidpointRounding.AwayFromZero) }
        );
        await stored.SaveAsync(prices, provider.Name, ct);
        foreach (var (id, price) in prices)
        {
            var place = places[id];
            assets[place] = assets[place] with { Asset = assets[place].Asset with { Price = price.Value }, PriceAsOf = price.AsOf };
            open.Remove(place);
        }
        return report with
        {
            Values = prices.Count,
            Refused = answer.Refusals.Count,
            Refusals = ProviderCall.Some(answer.Refusals),
            AsOf = ProviderCall.Newest(prices.Values.Select(price => price.AsOf)),
        };
    }

    private static LastValue? Last(QuotedAsset asset) => asset is { Asset.Price: { } price, PriceAsOf: { } asOf } ? new(price, asOf) : null;

    /// <summary>
    /// Keeps the stored price of each open asset, and notes it as stale where it replaces one that a provider should have delivered.
    /// </summary>
    private static ProviderReport UseStored(
        string name,
        bool stale,
        QuotedAsset[] assets,
        IReadOnlyDictionary<int, Refusal> refused,
        HashSet<int> open,
        Dictionary<int, DateTimeOffset> since
    )
    {
        Refusal[] refusals = [.. open.Where(refused.ContainsKey).Order().Select(i => refused[i])];
        var used = open.Where(i => assets[i].Asset.Price is not null).ToList();
        open.ExceptWith(used);
        var newest = used.Max(i => assets[i].PriceAsOf);
        if (!stale || used.Count == 0)
        {
            return new(
                Feed,
                name,
                ProviderOutcome.Used,
                Values: used.Count,
                Refused: refusals.Length,
                Refusals: ProviderCall.Some(refusals),
                AsOf: newest
            );
        }
        foreach (var i in used)
            since[i] = assets[i].PriceAsOf!.Value;
        return new(
            Feed,
            name,
            ProviderOutcome.Stale,
            Values: used.Count,
            Refused: refusals.Length,
            Refusals: ProviderCall.Some(refusals),
            StaleSince: used.Min(i => assets[i].PriceAsOf),
            AsOf: newest
        );
    }
}
