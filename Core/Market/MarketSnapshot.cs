using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Overnight.Core.Json;

namespace Overnight.Core.Market;

/// <summary>
/// The market data of a run: prices, fundamentals and exchange rates, fetched once, immutable, in arrays indexed by an asset's ordinal.
/// Calculations of users read it from many threads.
/// </summary>
public sealed class MarketSnapshot
{
    private readonly FrozenDictionary<Guid, int> _ordinals;
    private readonly decimal[]?[] _pricesByBase;

    /// <param name="header">Run and times of the snapshot.</param>
    /// <param name="assets">The assets in the order of their ordinals.</param>
    /// <param name="rates">Units of the second currency for one unit of the first. A missing pair fails only the users who need it.</param>
    /// <param name="staleness">Which values are stored ones; none when null.</param>
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
        HasNames = assets.All(a => a.Name is not null);
        JsonNames = HasNames ? [.. assets.Select(JsonName)] : [];
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

    /// <summary>Which values are the last stored ones because no provider delivered newer ones.</summary>
    public MarketStaleness Staleness { get; }

    /// <summary>Every currency that occurs in assets or rates, in ordinal order.</summary>
    public IReadOnlyList<string> Currencies { get; }

    /// <summary>Value of metric m of asset a at [a * Metrics.Count + m]; 0 where <see cref="Present"/> has no bit for it.</summary>
    internal decimal[] Fundamentals { get; }

    /// <summary>The same values as floating point, with which most comparisons are decided.</summary>
    internal double[] NearFundamentals { get; }

    /// <summary>A bit per known metric, by asset.</summary>
    internal ushort[] Present { get; }

    /// <summary>The rank of each asset's symbol in ordinal order.</summary>
    internal int[] SymbolRanks { get; }

    /// <summary>The beginning of an asset's JSON object, up to and including its symbol, which is the same for every user.</summary>
    internal byte[][] JsonHeads { get; }

    /// <summary>Whether names were captured. Builds before this one captured none.</summary>
    public bool HasNames { get; }

    /// <summary>
    /// The part of an asset's JSON object from the end of its breakdown up to the name of its class, which is the same for every user;
    /// empty without names.
    /// </summary>
    internal byte[][] JsonNames { get; }

    public bool TryGetOrdinal(Guid assetId, out int ordinal) => _ordinals.TryGetValue(assetId, out ordinal);

    private static byte[] JsonName(SnapshotAsset asset) =>
        asset.Name is { Length: > 0 } name
            ? [.. "\"},\"name\":\""u8, .. JsonEscaping.Escape(Encoding.UTF8.GetBytes(name)), .. "\",\"className\":\""u8]
            : "\"},\"name\":null,\"className\":\""u8.ToArray();

    /// <summary>
    /// Prices of all assets in one base currency, computed at the first use of the currency; a negative value says why there is no price.
    /// Null when neither an asset nor a rate of the snapshot has the currency.
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

    /// <summary>Negative values in place of a price: it is unknown, has no exchange rate, or is beyond what a decimal can hold.</summary>
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

/// <summary>Run and times of a snapshot; times are UTC.</summary>
/// <param name="PricesAsOf">Time of the newest price in the snapshot; null without prices.</param>
/// <param name="RatesAsOf">Time of the newest exchange rate in the snapshot; null without rates.</param>
public sealed record MarketSnapshotHeader(
    Guid Id,
    string Market,
    DateOnly BusinessDate,
    DateTimeOffset TakenAt,
    DateTimeOffset? PricesAsOf,
    DateTimeOffset? RatesAsOf
);

/// <summary>An asset of the snapshot.</summary>
/// <param name="Price">In <paramref name="Currency"/>; null when unknown.</param>
/// <param name="Fundamentals">Indexed by <see cref="Metric"/>, <see cref="Metrics.Count"/> long; null where unknown.</param>
/// <param name="Name">Empty for an asset without a name; null in a snapshot without names.</param>
public sealed record SnapshotAsset(Guid Id, string Symbol, string Currency, decimal? Price, decimal?[] Fundamentals, string? Name = null);
