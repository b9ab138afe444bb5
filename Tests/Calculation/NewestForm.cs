using System.Globalization;
using System.Text;
using System.Text.Json;
using Overnight.Core.Json;

namespace Overnight.Tests.Calculation;

/// <summary>What every entry of the newest form must be, read by .NET's reader of JSON.</summary>
internal static class NewestForm
{
    /// <summary>Checks names, classes, ranks and shares of one entry against the rest of it.</summary>
    /// <param name="nameOf">The name of an asset; null for none.</param>
    /// <param name="classOf">The class of an asset; null for none.</param>
    public static void AssertHolds(JsonElement entry, Func<Guid, string?> nameOf, Func<Guid, string?> classOf, string where)
    {
        var recommendations = entry.GetProperty("recommendations").EnumerateArray().ToList();
        var classes = entry.GetProperty("classes").EnumerateArray().ToList();
        for (var i = 0; i < recommendations.Count; i++)
        {
            var (item, asset) = (recommendations[i], recommendations[i].GetProperty("assetId").GetGuid());
            Assert.True(nameOf(asset) == item.GetProperty("name").GetString(), $"{where}: the name of {asset}");
            Assert.True((classOf(asset) ?? "unclassified") == item.GetProperty("className").GetString(), $"{where}: the class of {asset}");
            Assert.True(item.GetProperty("rank").GetInt32() == i + 1, $"{where}: the rank of {asset}");
        }
        var summary = entry.GetProperty("portfolioSummary");
        Assert.True(
            summary
                .GetProperty("allocations")
                .EnumerateObject()
                .Select(a => (a.Name, a.Value.GetString()))
                .SequenceEqual(classes.Select(c => (c.GetProperty("className").GetString()!, c.GetProperty("current").GetString()))),
            $"{where}: the classes are not those of the summary"
        );
        var bought = recommendations.Sum(r => Number(r, "amount"));
        var after = classes.Sum(c => Number(c, "after"));
        // A value below a ten-thousandth is 0 here, and its shares may be there all the same.
        var isNothing = bought == 0 && Number(summary, "totalValue") == 0 && after == 0;
        Assert.True(
            isNothing || Math.Abs(after - 100) <= classes.Count * 0.00005m,
            $"{where}: the shares after buying add up to {after} % in {classes.Count} classes"
        );
        foreach (var item in classes)
        {
            Assert.True(Number(item, "after") is >= 0 and <= 100, $"{where}: {item}");
            Assert.True(Number(item, "targetMin") <= Number(item, "targetMax"), $"{where}: {item}");
            Assert.True(bought != 0 || Number(item, "after") == Number(item, "current"), $"{where}: nothing is bought, and {item}");
        }
    }

    /// <summary>The entry's bytes without the members that the first form lacks, up to the checksum.</summary>
    public static byte[] WithoutNewMembers(byte[] entry)
    {
        List<byte> old = [];
        var (from, isInRecommendations) = (0, false);
        Utf8JsonReader reader = new(entry);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == 1)
                isInRecommendations = false;
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            if (reader.CurrentDepth == 1 && reader.ValueTextEquals("recommendations"u8))
                isInRecommendations = true;
            else if (reader.CurrentDepth == 3 && isInRecommendations && reader.ValueTextEquals("name"u8))
                Skip(ref reader, members: 3);
            else if (reader.CurrentDepth == 1 && reader.ValueTextEquals("classes"u8))
                Skip(ref reader, members: 1);
        }
        old.AddRange(entry.AsSpan(from));
        return [.. old[..^ChecksummedJson.TailLength]];

        void Skip(ref Utf8JsonReader at, int members)
        {
            // With the comma before it.
            old.AddRange(entry.AsSpan(from, (int)at.TokenStartIndex - 1 - from));
            for (var member = 0; member < members; member++)
            {
                if (member > 0)
                    at.Read();
                at.Skip();
            }
            from = (int)at.BytesConsumed;
        }
    }

    public static byte[] WithoutChecksum(byte[] entry) => entry[..^ChecksummedJson.TailLength];

    /// <summary>A class name as the loader hands it on.</summary>
    public static byte[] Escaped(string text) => JsonEscaping.Escape(Encoding.UTF8.GetBytes(text));

    private static decimal Number(JsonElement parent, string field) =>
        decimal.Parse(parent.GetProperty(field).GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture);
}
