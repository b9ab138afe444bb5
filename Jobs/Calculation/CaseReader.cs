using System.Globalization;
using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Jobs.Calculation;

/// <summary>A portfolio with everything its calculation needs, from one line of a file.</summary>
internal sealed record CalculationCase(
    UserPortfolio Portfolio,
    List<Criterion> Criteria,
    MarketSnapshot Market,
    List<string> AssetIds,
    List<string> ClassIds
);

/// <summary>
/// Reads the <c>input</c> object of a case. Every error is a <see cref="FormatException"/> that begins with the field's path.
/// </summary>
internal static class CaseReader
{
    public static CalculationCase Read(JsonElement input)
    {
        UserPortfolio portfolio = new() { BaseCurrency = Currency(input, "baseCurrency", "input") };
        if (OptionalNumber(input, "contribution", "input") is { } contribution)
        {
            if (contribution < 0)
                throw new FormatException($"input.contribution must be 0 or more, not {contribution}");
            portfolio.Contribution = Rounded(contribution, "input.contribution");
        }
        var classIds = ReadClasses(input, portfolio);
        var (assets, assetIds) = ReadAssets(input, portfolio, classIds);
        var rates = ReadRates(input);
        MarketSnapshotHeader header = new(Guid.Empty, "", default, default, null, null);

        List<Criterion> criteria = [];
        try
        {
            CriteriaParser.Read(System.Text.Encoding.UTF8.GetBytes(Array(input, "criteria", "input").GetRawText()), criteria);
        }
        catch (CalculationException exception)
        {
            throw new FormatException($"input.{exception.Message}", exception);
        }
        // A base currency that nothing is priced in must still be known to the market.
        rates.TryAdd((portfolio.BaseCurrency, portfolio.BaseCurrency), 1);
        return new(portfolio, criteria, new(header, assets, rates), assetIds, classIds);
    }

    private static List<string> ReadClasses(JsonElement input, UserPortfolio portfolio)
    {
        List<string> ids = [];
        foreach (var (item, path) in Items(input, "classes", "input"))
        {
            var id = Text(item, "classId", path);
            if (ids.Contains(id))
                throw new FormatException($"{path}.classId '{id}' occurs twice");
            ids.Add(id);
            var minimum = Percent(item, "targetMin", path) ?? Decimal4.Zero;
            var maximum = Percent(item, "targetMax", path) ?? Decimal4.Hundred;
            if (minimum > maximum)
                throw new FormatException($"{path}.targetMin {minimum} is above targetMax {maximum}");
            var smallest = OptionalNumber(item, "minAllocationValue", path) ?? 0;
            var name = JsonEncodedText.Encode(Text(item, "className", path)).EncodedUtf8Bytes.ToArray();
            portfolio.Classes.Add(new(Guid.Empty, name, minimum, maximum, Rounded(smallest, $"{path}.minAllocationValue")));
        }
        return ids;
    }

    private static (List<SnapshotAsset> Assets, List<string> Ids) ReadAssets(
        JsonElement input,
        UserPortfolio portfolio,
        List<string> classIds
    )
    {
        List<SnapshotAsset> assets = [];
        List<string> ids = [];
        foreach (var (item, path) in Items(input, "assets", "input"))
        {
            var id = Text(item, "assetId", path);
            if (ids.Contains(id))
                throw new FormatException($"{path}.assetId '{id}' occurs twice");
            ids.Add(id);
            var price = OptionalNumber(item, "price", path);
            if (price <= 0)
                throw new FormatException($"{path}.price must be above 0, not {price}");
            assets.Add(
                new(Guid.CreateVersion7(), Text(item, "symbol", path), Currency(item, "currency", path), price, Fundamentals(item, path))
            );

            var quantity = OptionalNumber(item, "quantity", path) ?? throw new FormatException($"{path}.quantity is missing");
            if (quantity < 0)
                throw new FormatException($"{path}.quantity must be 0 or more, not {quantity}");
            var index = PortfolioHolding.Unclassified;
            if (item.TryGetProperty("classId", out var classId) && classId.ValueKind != JsonValueKind.Null)
            {
                index = classIds.IndexOf(Text(item, "classId", path));
                if (index < 0)
                    throw new FormatException($"{path}.classId '{classId}' is not among input.classes");
            }
            portfolio.Holdings.Add(new(assets.Count - 1, index, quantity));
        }
        return (assets, ids);
    }

    private static decimal?[] Fundamentals(JsonElement asset, string path)
    {
        var values = new decimal?[Metrics.Count];
        if (!asset.TryGetProperty("fundamentals", out var fundamentals) || fundamentals.ValueKind == JsonValueKind.Null)
            return values;
        if (fundamentals.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{path}.fundamentals must be an object");
        foreach (var property in fundamentals.EnumerateObject())
        {
            if (!Metrics.TryParse(System.Text.Encoding.UTF8.GetBytes(property.Name), out var metric))
            {
                throw new FormatException(
                    $"{path}.fundamentals.{property.Name} is no metric; known are {string.Join(", ", Metrics.Names)}"
                );
            }
            values[(int)metric] = OptionalNumber(fundamentals, property.Name, $"{path}.fundamentals");
        }
        return values;
    }

    private static Dictionary<(string, string), decimal> ReadRates(JsonElement input)
    {
        Dictionary<(string, string), decimal> rates = [];
        if (!input.TryGetProperty("rates", out var element) || element.ValueKind == JsonValueKind.Null)
            return rates;
        if (element.ValueKind != JsonValueKind.Object)
            throw new FormatException("input.rates must be an object");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Name is not [_, _, _, '_', _, _, _])
                throw new FormatException($"input.rates.{property.Name} must be named like USD_EUR");
            var rate = OptionalNumber(element, property.Name, "input.rates");
            if (rate is null or <= 0)
                throw new FormatException($"input.rates.{property.Name} must be above 0, not {rate?.ToString() ?? "null"}");
            rates[(property.Name[..3], property.Name[4..])] = rate.Value;
        }
        return rates;
    }

    private static IEnumerable<(JsonElement Item, string Path)> Items(JsonElement parent, string field, string path) =>
        Array(parent, field, path)
            .EnumerateArray()
            .Select(
                (item, i) =>
                    item.ValueKind == JsonValueKind.Object
                        ? (item, $"{path}.{field}[{i}]")
                        : throw new FormatException($"{path}.{field}[{i}] must be an object")
            );

    private static JsonElement Array(JsonElement parent, string field, string path) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Array
            ? value
            : throw new FormatException($"{path}.{field} must be an array");

    private static string Text(JsonElement parent, string field, string path) =>
        parent.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException($"{path}.{field} must be a text that is not empty");

    private static string Currency(JsonElement parent, string field, string path) =>
        Text(parent, field, path) is [>= 'A' and <= 'Z', >= 'A' and <= 'Z', >= 'A' and <= 'Z'] code
            ? code
            : throw new FormatException(
                $"{path}.{field} must be an ISO 4217 code of three capital letters, not {parent.GetProperty(field)}"
            );

    private static Decimal4? Percent(JsonElement parent, string field, string path) =>
        OptionalNumber(parent, field, path) switch
        {
            null => null,
            var value and >= 0 and <= 100 => Decimal4.Round(value.Value),
            var value => throw new FormatException($"{path}.{field} must be between 0 and 100, not {value}"),
        };

    private static Decimal4 Rounded(decimal value, string path)
    {
        try
        {
            return Decimal4.Round(value);
        }
        catch (OverflowException exception)
        {
            throw new FormatException($"{path} {value} is beyond 922337203685477.5807", exception);
        }
    }

    private static decimal? OptionalNumber(JsonElement parent, string field, string path)
    {
        if (!parent.TryGetProperty(field, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"{path}.{field} must be a decimal number, not {value.GetRawText()}");
    }
}
