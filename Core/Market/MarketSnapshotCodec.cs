using System.Numerics;
using Overnight.Core.Auditing;

namespace Overnight.Core.Market;

/// <summary>The stored form of a snapshot: a version, assets in the order of their ordinals, then rates. About 130 bytes an asset.</summary>
public static class MarketSnapshotCodec
{
    private const byte Version = 1;

    public static byte[] Encode(MarketSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        CompactWriter writer = new(snapshot.Assets.Count * 160 + 1024);
        writer.Byte(Version);
        writer.Varint((ulong)snapshot.Assets.Count);
        for (var i = 0; i < snapshot.Assets.Count; i++)
        {
            var asset = snapshot.Assets[i];
            writer.Id(asset.Id);
            writer.Text(asset.Symbol);
            writer.Text(asset.Currency);
            writer.Byte(asset.Price is null ? (byte)0 : (byte)1);
            if (asset.Price is { } price) writer.Decimal(price);
            writer.Mask(snapshot.Present[i], 2);
            foreach (var value in asset.Fundamentals)
            {
                if (value is { } known) writer.Decimal(known);
            }
        }
        writer.Varint((ulong)snapshot.Rates.Count);
        foreach (var ((from, to), rate) in snapshot.Rates.OrderBy(r => r.Key))
        {
            writer.Text(from);
            writer.Text(to);
            writer.Decimal(rate);
        }
        return writer.ToArray();
    }

    /// <exception cref="InvalidDataException">The payload is damaged or of a version this build does not know.</exception>
    public static MarketSnapshot Decode(MarketSnapshotHeader header, ReadOnlySpan<byte> payload)
    {
        CompactReader reader = new(payload);
        var version = reader.Byte();
        if (version != Version) throw new InvalidDataException($"Market snapshot {header?.Id} has version {version}; this build reads {Version}.");
        var assets = new SnapshotAsset[reader.Count()];
        for (var i = 0; i < assets.Length; i++)
        {
            var (id, symbol, currency) = (reader.Id(), reader.Text(), reader.Text());
            decimal? price = reader.Byte() == 0 ? null : reader.Decimal();
            var present = (ushort)reader.Mask(2);
            if (BitOperations.Log2(present) >= Metrics.Count) throw new InvalidDataException($"Market snapshot {header?.Id} names an unknown metric.");
            var fundamentals = new decimal?[Metrics.Count];
            for (var m = 0; m < Metrics.Count; m++)
            {
                if ((present >> m & 1) != 0) fundamentals[m] = reader.Decimal();
            }
            assets[i] = new(id, symbol, currency, price, fundamentals);
        }
        Dictionary<(string, string), decimal> rates = [];
        for (var count = reader.Count(); count > 0; count--) rates.Add((reader.Text(), reader.Text()), reader.Decimal());
        if (!reader.AtEnd) throw new InvalidDataException($"Market snapshot {header?.Id} has bytes after its end.");
        return new(header!, assets, rates);
    }
}
