using System.Text.Json;

namespace Overnight.Api.Admin;

/// <summary>What a client asks to be warmed; every field may be left out, and so may the body.</summary>
/// <param name="Sets">Names of warm sets; all of them when left out.</param>
/// <param name="Count">The most entries of each set.</param>
public sealed record CacheWarmRequest(IReadOnlyList<string>? Sets, int? Count)
{
    private const int MostBytes = 16 * 1024;

    /// <summary>Reads the body by hand, for the framework's own reader says only that something in it is wrong.</summary>
    internal static async Task<(CacheWarmRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        CacheWarmRequest request = new(null, null);
        var bytes = new byte[MostBytes + 1];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        if (length == 0) return (request, errors);
        if (length > MostBytes)
        {
            errors["body"] = [$"must be at most {MostBytes} bytes"];
            return (request, errors);
        }
        try
        {
            using var document = JsonDocument.Parse(bytes.AsMemory(0, length));
            if (document.RootElement.ValueKind != JsonValueKind.Object) errors["body"] = ["must be an object with sets and count, each of which may be left out"];
            else foreach (var field in document.RootElement.EnumerateObject()) request = request.With(field, errors);
        }
        catch (JsonException exception)
        {
            // The client's mistake; the parser says where it is.
            errors["body"] = [$"must be JSON: {exception.Message}"];
        }
        return (request, errors);
    }

    private CacheWarmRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("sets" or "count", JsonValueKind.Null):
                return this;
            case ("sets", JsonValueKind.Array) when field.Value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String):
                return this with { Sets = [.. field.Value.EnumerateArray().Select(name => name.GetString()!)] };
            case ("count", JsonValueKind.Number) when field.Value.TryGetInt32(out var count) && count > 0:
                return this with { Count = count };
        }
        errors[field.Name] = [field.Name switch
        {
            "sets" => $"must be a list of names of warm sets, not {field.Value.GetRawText()}",
            "count" => $"must be a whole number from 1 on, not {field.Value.GetRawText()}",
            _ => "is not known; known are sets and count",
        }];
        return this;
    }
}
