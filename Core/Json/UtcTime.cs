using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Core.Json;

/// <summary>Writes every time in the API's answers as ISO 8601 in UTC, with milliseconds and Z.</summary>
public sealed class UtcTime : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        Span<byte> text = stackalloc byte[24];
        value.UtcDateTime.TryFormat(text, out var length, "yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
        writer.WriteStringValue(text[..length]);
    }
}
