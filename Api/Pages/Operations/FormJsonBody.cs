using System.Text.Json.Nodes;

namespace Overnight.Api.Pages.Operations;

/// <summary>
/// Turns the fields of a form into the JSON body of the route of the API that does the same, so that one reader checks both.
/// </summary>
internal static class FormJsonBody
{
    /// <summary>Fields that are null are left out.</summary>
    public static MemoryStream Of(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        JsonObject body = [];
        foreach (var (name, value) in fields)
        {
            if (value is not null)
                body[name] = value;
        }
        MemoryStream stream = new();
        using (System.Text.Json.Utf8JsonWriter json = new(stream))
            body.WriteTo(json);
        stream.Position = 0;
        return stream;
    }

    /// <summary>A text that was filled in; null for an empty field.</summary>
    public static JsonNode? Text(string? field) => string.IsNullOrWhiteSpace(field) ? null : JsonValue.Create(field.Trim());

    public static JsonNode? Flag(string? field) => string.IsNullOrEmpty(field) ? null : JsonValue.Create(true);

    /// <summary>A whole number as such, and anything else as text, which the reader then refuses by name.</summary>
    public static JsonNode? Number(string? field) =>
        long.TryParse(
            field,
            System.Globalization.NumberStyles.AllowLeadingSign,
            System.Globalization.CultureInfo.InvariantCulture,
            out var number
        )
            ? JsonValue.Create(number)
            : Text(field);
}
