using System.Globalization;
using System.Text.Json;

namespace Overnight.Api.Audit;

/// <summary>What a client asks of a run to start; every field may be left out, and so may the body.</summary>
/// <param name="Market">Code of the market; NYSE when left out.</param>
/// <param name="Date">Business date, the date of the open being prepared; the next open's when left out.</param>
/// <param name="Again">Starts the next revision when the night's run is finished.</param>
public sealed record RunStartRequest(string? Market, DateOnly? Date, bool? Again)
{
    private const int MostBytes = 4096;

    /// <summary>Reads the body by hand, for the framework's own reader says only that something in it is wrong.</summary>
    internal static async Task<(RunStartRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        RunStartRequest request = new(null, null, null);
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
            if (document.RootElement.ValueKind != JsonValueKind.Object) errors["body"] = ["must be an object with market, date and again, each of which may be left out"];
            else foreach (var field in document.RootElement.EnumerateObject()) request = request.With(field, errors);
        }
        catch (JsonException exception)
        {
            // The client's mistake; the parser says where it is.
            errors["body"] = [$"must be JSON: {exception.Message}"];
        }
        return (request, errors);
    }

    private RunStartRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("market" or "date" or "again", JsonValueKind.Null):
                return this;
            case ("market", JsonValueKind.String):
                return this with { Market = field.Value.GetString() };
            case ("date", JsonValueKind.String) when DateOnly.TryParseExact(field.Value.GetString(), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date):
                return this with { Date = date };
            case ("again", JsonValueKind.True or JsonValueKind.False):
                return this with { Again = field.Value.GetBoolean() };
        }
        errors[field.Name] = [field.Name switch
        {
            "market" => $"must be the code of a market, not {field.Value.GetRawText()}",
            "date" => $"must be a day of the calendar as yyyy-MM-dd, not {field.Value.GetRawText()}",
            "again" => $"must be true or false, not {field.Value.GetRawText()}",
            _ => "is not known; known are market, date and again",
        }];
        return this;
    }
}
