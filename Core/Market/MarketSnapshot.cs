using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace Overnight.Core.Market;

/// <summary>
/// What a run knows of the market: prices, fundamentals and exchange rates, fetched once, immutable, as arrays indexed
/// by an asset's ordinal. Users' calculations read it from many threads.
/// </summary>
public sealed class MarketSnapshot
{
    private readonly FrozenDictionary<Guid, int> _ordinals;
    private readonly decimal[]?[] _pricesByBase;

    /// <param name="assets">In the order of their ordinals.</param>
    /// <param name="rates">Units of the second currency for one unit of the first. A missing pair is an error of the users who need
    /// it.</param>
    /// <param name="staleness">Nothing is stale unless given.</param>
    public MarketSnapshot(
        MarketSnapshotHeader header,
        IReadOnlyList<SnapshotAsset> assets,
        IReadOnlyDictionary<(string From, string To), decimal> rates,
        MarketStaleness? staleness = null
    )
    {
        ArgumentNullException.ThrowIfNull(assets);
        ArgumentNullException.ThrowIfNull(rates);
        Header = header;
        Assets = assets;
        Rates = rates;
        Staleness = staleness ?? MarketStaleness.None;
        Currencies =
        [
            .. assets
                .Select(a => a.Currency)
                .Concat(rates.Keys.SelectMany(k => new[] { k.From, k.To }))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
        _pricesByBase = new decimal[]?[Currencies.Count];
        _ordinals = assets.Select((a, i) => (a.Id, i)).DistinctBy(x => x.Id).ToFrozenDictionary(x => x.Id, x => x.i);

        Fundamentals = new decimal[assets.Count * Metrics.Count];
        NearFundamentals = new double[Fundamentals.Length];
        Present = new ushort[assets.Count];
        JsonHeads = new byte[assets.Count][];
        for (var i = 0; i < assets.Count; i++)
        {
            for (var m = 0; m < Metrics.Count; m++)
            {
                if (assets[i].Fundamentals[m] is not { } value)
                    continue;
                Fundamentals[i * Metrics.Count + m] = value;
                NearFundamentals[i * Metrics.Count + m] = (double)value;
                Present[i] |= (ushort)(1 << m);
            }
            JsonHeads[i] = Encoding.UTF8.GetBytes(
                $"{{\"assetId\":\"{assets[i].Id:D}\",\"symbol\":\"{JsonEncodedText.Encode(assets[i].Symbol)}\""
            );
        }

        SymbolRanks = new int[assets.Count];
        var rank = 0;
        foreach (var i in Enumerable.Range(0, assets.Count).OrderBy(i => assets[i].Symbol, StringComparer.Ordinal))
            SymbolRanks[i] = rank++;
    }

    public MarketSnapshotHeader Header { get; }
    public IReadOnlyList<SnapshotAsset> Assets { get; }
    public IReadOnlyDictionary<(string From, string To), decimal> Rates { get; }

    /// <summary>Which of the values are last stored ones that stand in for newer.</summary>
    public MarketStaleness Staleness { get; }

    /// <summary>Every currency that occurs, in ordinal order.</summary>
    public IReadOnlyList<string> Currencies { get; }

    /// <summary>Value of metric m of asset a at [a * Metrics.Count + m]; 0 where <see cref="Present"/> has no bit for it.</summary>
    internal decimal[] Fundamentals { get; }

    /// <summary>The same as floating point, which settles most comparisons.</summary>
    internal double[] NearFundamentals { get; }

    /// <summary>A bit per metric that is known, by asset.</summary>
    internal ushort[] Present { get; }

    /// <summary>An asset's place in the ordinal order of symbols.</summary>
    internal int[] SymbolRanks { get; }

    /// <summary>The beginning of an asset's JSON object, up to and with its symbol: the same for every user.</summary>
    internal byte[][] JsonHeads { get; }

    public bool TryGetOrdinal(Guid assetId, out int ordinal) => _ordinals.TryGetValue(assetId, out ordinal);

    /// <summary>
    /// Prices of all assets in one base currency; negative where there is none, and then why. Made at the first use of a
    /// currency. Null when the snapshot has never heard of the currency.
    /// </summary>
    internal decimal[]? PricesIn(string baseCurrency)
    {
        for (var c = 0; c < Currencies.Count; c++)
        {
            if (Currencies[c] == baseCurrency)
                return Volatile.Read(ref _pricesByBase[c]) ?? Publish(c, baseCurrency);
        }
        return null;
    }

    /// <summary>Stand for a price that is not known, that has no exchange rate, and that is beyond what a decimal can hold.</summary>
    internal const decimal NoPrice = -1,
        NoRate = -2,
        OutOfRange = -3;

    private decimal[] Publish(int currency, string baseCurrency)
    {
        var prices = new decimal[Assets.Count];
        for (var i = 0; i < prices.Length; i++)
        {
            var asset = Assets[i];
            prices[i] =
                asset.Price is not { } price ? NoPrice
                : asset.Currency == baseCurrency ? price
                : !Rates.TryGetValue((asset.Currency, baseCurrency), out var rate) ? NoRate
                : rate > 1 && price > decimal.MaxValue / rate ? OutOfRange
                : price * rate;
        }
        Volatile.Write(ref _pricesByBase[currency], prices);
        return prices;
    }
}

/// <summary>Which run a snapshot is of, and how old its parts are; times are UTC.</summary>
/// <param name="PricesAsOf">The time of the newest price in it; null without prices.</param>
/// <param name="RatesAsOf">The time of the newest exchange rate in it; null without rates.</param>
public sealed record MarketSnapshotHeader(
    Guid Id,
    string Market,
    DateOnly BusinessDate,
    DateTimeOffset TakenAt,
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf
);

/// <summary>An asset as the snapshot holds it.</summary>
/// <param name="Price">In <paramref name="Currency"/>; null when unknown.</param>
/// <param name="Fundamentals">Indexed by <see cref="Metric"/>, <see cref="Metrics.Count"/> long; null where unknown.</param>
public sealed record SnapshotAsset(Guid Id, string Symbol, string Currency, decimal? Price, decimal?[] Fundamentals);
