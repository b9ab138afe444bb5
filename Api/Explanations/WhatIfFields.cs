using System.Globalization;
using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Portfolios;

namespace Overnight.Api.Explanations;

/// <summary>Reads parts of a what-if, and collects their errors by field, each with the value that was given.</summary>
internal readonly struct WhatIfFields(Dictionary<string, string[]> errors)
{
    public static readonly decimal LargestAmount = Decimal4.MaxValue.ToDecimal();

    /// <summary>Fundamentals are stored with 28 digits, 8 of them decimals; larger numbers can't be stored.</summary>
    public const decimal LargestFundamental = 100_000_000_000_000_000_000m;

    public void Add(string field, string error) => errors.TryAdd(field, [error]);

    /// <summary>A value as it was given, for a message.</summary>
    public static string Shown(JsonElement value) =>
        value.ValueKind == JsonValueKind.Undefined ? "left out" : DisplayText.Short(value.GetRawText());

    /// <summary>Whether the value is an object with no other fields than these.</summary>
    public bool IsObject(JsonElement value, string path, params ReadOnlySpan<string> known)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            Add(path, $"must be an object with {string.Join(", ", known.ToArray())}, not {Shown(value)}");
            return false;
        }
        foreach (var field in value.EnumerateObject())
        {
            if (!known.Contains(field.Name))
                Add($"{path}.{field.Name}", $"is not known; known are {string.Join(", ", known.ToArray())}");
        }
        return true;
    }

    public Guid Id(JsonElement parent, string path, string name)
    {
        var value = parent.TryGetProperty(name, out var given) ? given : default;
        if (value.ValueKind == JsonValueKind.String && Guid.TryParseExact(value.GetString(), "D", out var id))
            return id;
        Add($"{path}.{name}", InvalidId.Rule(value.ValueKind == JsonValueKind.String ? value.GetString()! : Shown(value)));
        return default;
    }

    public decimal Number(JsonElement parent, string path, string name) =>
        Number(parent.TryGetProperty(name, out var value) ? value : default, $"{path}.{name}") ?? 0;

    /// <summary>A number from 0 to a limit, rounded to 4 decimals.</summary>
    public Decimal4? Amount(JsonElement value, string field, decimal most)
    {
        if (Number(value, field) is not { } number)
            return null;
        if (number >= 0 && number <= most)
            return Decimal4.Round(number);
        Add(field, string.Create(CultureInfo.InvariantCulture, $"must be between 0 and {most}, not {number}"));
        return null;
    }

    private decimal? Number(JsonElement value, string field)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return number;
        Add(field, $"must be a decimal number, not {Shown(value)}");
        return null;
    }
}
