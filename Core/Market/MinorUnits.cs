namespace Overnight.Core.Market;

/// <summary>Units in which some exchanges quote: hundredths of a currency, with codes that ISO 4217 does not have.</summary>
public static class MinorUnits
{
    private const int Hundred = 100;

    private static readonly Dictionary<string, string> Currencies = new(StringComparer.Ordinal)
    {
        // Pence of London, twice; agorot of Tel Aviv; cents of Johannesburg.
        ["GBX"] = "GBP",
        ["GBp"] = "GBP",
        ["ILA"] = "ILS",
        ["ZAc"] = "ZAR",
    };

    public static IReadOnlyCollection<string> Codes => Currencies.Keys;

    /// <summary>The currency that a code is of: its own, or that of which it is a hundredth.</summary>
    public static string CurrencyOf(string code) => Currencies.GetValueOrDefault(code, code);

    /// <summary>A price in the currency of its unit.</summary>
    public static decimal Convert(decimal price, string code) => Currencies.ContainsKey(code) ? price / Hundred : price;

    /// <summary>The asset with its price in a currency, where it has one in a minor unit.</summary>
    public static SnapshotAsset Convert(SnapshotAsset asset)
    {
        ArgumentNullException.ThrowIfNull(asset);
        return Currencies.TryGetValue(asset.Currency, out var currency)
            ? asset with
            {
                Currency = currency,
                Price = asset.Price / Hundred,
            }
            : asset;
    }
}
