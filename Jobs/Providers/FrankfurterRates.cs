using System.Globalization;
using System.Text.Json;
using Overnight.Core.Market;
using Overnight.Jobs.Providers.Http;

namespace Overnight.Jobs.Providers;

/// <summary>
/// A JSON rates API of Frankfurter's shape: <c>{"amount":1.0,"base":"USD","date":"2026-11-20","rates":{"EUR":0.88}}</c> (v1), or
/// <c>[{"date":"2026-11-20","base":"USD","quote":"EUR","rate":0.88}]</c> (v2). Rates are for <c>amount</c> units of the base; without
/// it, for one.
/// </summary>
internal sealed class FrankfurterRates(ProviderClient client) : IExchangeRateProvider
{
    private const string Base = "USD";
    private static readonly string[] MediaTypes = ["application/json"];

    public string Name => ProviderNames.Frankfurter;

    public Task<FetchedRates> FetchAsync(CancellationToken ct) => client.GetAsync($"base={Base}", MediaTypes, Read, ct);

    internal static FetchedRates Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Array ? ReadList(root) : ReadObject(root);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // Not JSON, or JSON of another shape. The message does not repeat the answer's text.
            throw new ProviderException(ProviderFault.Malformed, "the answer is no JSON with base, date and rates");
        }
    }

    private static FetchedRates ReadObject(JsonElement root)
    {
        var asOf = Dates.Read(root.GetProperty("date").GetString(), "the answer's date");
        var amount = AmountOf(root);
        return new(
            BaseOf(root),
            [
                .. root.GetProperty("rates")
                    .EnumerateObject()
                    .Select(rate => new FetchedValue<string>(rate.Name, ForOne(Text(rate.Value), amount), asOf)),
            ]
        );
    }

    private static FetchedRates ReadList(JsonElement root)
    {
        List<FetchedValue<string>> values = [];
        var from = Base;
        foreach (var rate in root.EnumerateArray())
        {
            var own = BaseOf(rate);
            if (values.Count > 0 && own != from)
                throw new ProviderException(ProviderFault.Malformed, "the answer has several base currencies");
            from = own;
            values.Add(
                new(
                    rate.GetProperty("quote").GetString() ?? "",
                    ForOne(Text(rate.GetProperty("rate")), AmountOf(rate)),
                    // Each rate has a date of its own, so that a wrong one refuses this rate only.
                    Dates.TryRead(rate.GetProperty("date").GetString())
                )
            );
        }
        return new(from, values);
    }

    private static string BaseOf(JsonElement element) =>
        element.GetProperty("base").GetString() is { Length: 3 } code ? code : throw new JsonException();

    private static decimal AmountOf(JsonElement element)
    {
        if (!element.TryGetProperty("amount", out var field))
            return 1;
        return field.ValueKind == JsonValueKind.Number && field.TryGetDecimal(out var amount) && amount > 0
            ? amount
            : throw new ProviderException(ProviderFault.Malformed, "the answer's amount is no number above 0");
    }

    /// <summary>A rate for one unit; text that is no number is kept, and refused later by <see cref="QuoteValidator"/>.</summary>
    private static string? ForOne(string? text, decimal amount) =>
        amount != 1 && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)
            ? (rate / amount).ToString(CultureInfo.InvariantCulture)
            : text;

    // The text as written, since a floating-point number would lose digits.
    private static string? Text(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Null => null,
            _ => "",
        };
}
