using System.Numerics;
using Overnight.Core.Market;

namespace Overnight.Core.Auditing;

/// <summary>
/// The stored form of a snapshot: a version, the assets in the order of their ordinals, the exchange rates, the stale prices and rates,
/// then the names of the assets. It takes about 150 bytes an asset.
/// </summary>
public static class MarketSnapshotCodec
{
    /// <summary>The form that ends after the rates; written for a snapshot without names in which nothing is stale.</summary>
    private const byte WithoutStaleness = 1;

    /// <summary>The form that ends after the stale values; written for a snapshot without names.</summary>
    private const byte WithoutNames = 2;
    private const byte Version = 3;

    public static byte[] Encode(MarketSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        CompactWriter writer = new(snapshot.Assets.Count * 192 + 1024);
        var version =
            snapshot.HasNames ? Version
            : snapshot.Staleness.IsNone ? WithoutStaleness
            : WithoutNames;
        writer.Byte(version);
        writer.Varint((ulong)snapshot.Assets.Count);
        for (var i = 0; i < snapshot.Assets.Count; i++)
        {
            var asset = snapshot.Assets[i];
            writer.Id(asset.Id);
            writer.Text(asset.Symbol);
            writer.Text(asset.Currency);
            writer.Byte(asset.Price is null ? (byte)0 : (byte)1);
            if (asset.Price is { } price)
                writer.Decimal(price);
            writer.Mask(snapshot.Present[i], 2);
            foreach (var value in asset.Fundamentals)
            {
                if (value is { } known)
                    writer.Decimal(known);
            }
        }
        writer.Varint((ulong)snapshot.Rates.Count);
        foreach (var ((from, to), rate) in snapshot.Rates.OrderBy(r => r.Key))
        {
            writer.Text(from);
            writer.Text(to);
            writer.Decimal(rate);
        }
        if (version > WithoutStaleness)
            Write(writer, snapshot.Staleness);
        if (version > WithoutNames)
        {
            foreach (var asset in snapshot.Assets)
                writer.Text(asset.Name!);
        }
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The payload is damaged or of a version this build does not know.</exception>
    public static MarketSnapshot Decode(MarketSnapshotHeader header, ReadOnlySpan<byte> payload)
    {
        CompactReader reader = new(payload);
        var version = reader.Byte();
        if (version is < WithoutStaleness or > Version)
            throw new InvalidDataException($"Market snapshot {header?.Id} has version {version}; this build reads up to {Version}.");
        var assets = new SnapshotAsset[reader.Count()];
        for (var i = 0; i < assets.Length; i++)
        {
            var (id, symbol, currency) = (reader.Id(), reader.Text(), reader.Text());
            decimal? price = reader.Byte() == 0 ? null : reader.Decimal();
            var present = (ushort)reader.Mask(2);
            if (BitOperations.Log2(present) >= Metrics.Count)
                throw new InvalidDataException($"Market snapshot {header?.Id} names an unknown metric.");
            var fundamentals = new decimal?[Metrics.Count];
            for (var m = 0; m < Metrics.Count; m++)
            {
                if ((present >> m & 1) != 0)
                    fundamentals[m] = reader.Decimal();
            }
            assets[i] = new(id, symbol, currency, price, fundamentals);
        }
        Dictionary<(string, string), decimal> rates = [];
        for (var count = reader.Count(); count > 0; count--)
            rates.Add((reader.Text(), reader.Text()), reader.Decimal());
        var staleness = version == WithoutStaleness ? MarketStaleness.None : ReadStaleness(ref reader, assets.Length);
        if (version > WithoutNames)
        {
            for (var i = 0; i < assets.Length; i++)
                assets[i] = assets[i] with { Name = reader.Text() };
        }
        if (!reader.AtEnd)
            throw new InvalidDataException($"Market snapshot {header?.Id} has bytes after its end.");
        return new(header!, assets, rates, staleness);
    }

    private static void Write(CompactWriter writer, MarketStaleness staleness)
    {
        writer.Varint((ulong)staleness.Prices.Count);
        foreach (var (ordinal, since) in staleness.Prices.OrderBy(p => p.Key))
        {
            writer.Varint((ulong)ordinal);
            writer.Time(since);
        }
        writer.Varint((ulong)staleness.Rates.Count);
        foreach (var (currency, since) in staleness.Rates.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            writer.Text(currency);
            writer.Time(since);
        }
    }

    private static MarketStaleness ReadStaleness(ref CompactReader reader, int assets)
    {
        Dictionary<int, DateTimeOffset> prices = [];
        for (var count = reader.Count(); count > 0; count--)
        {
            var ordinal = reader.Varint();
            if (ordinal >= (ulong)assets)
                throw new InvalidDataException("A market snapshot names an asset that it does not have.");
            prices[(int)ordinal] = Since(ref reader);
        }
        Dictionary<string, DateTimeOffset> rates = [];
        for (var count = reader.Count(); count > 0; count--)
            rates[reader.Text()] = Since(ref reader);
        return new(prices, rates);
    }

    private static DateTimeOffset Since(ref CompactReader reader) =>
        reader.Time() ?? throw new InvalidDataException("A market snapshot has a stale value without a time.");
}
