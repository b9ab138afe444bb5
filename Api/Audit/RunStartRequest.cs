using System.Globalization;
using System.Text.Json;
using Overnight.Api.Problems;

namespace Overnight.Api.Audit;

/// <summary>What a client asks of a run to start; every field may be left out, and so may the body.</summary>
/// <param name="Market">Code of the market; NYSE when left out.</param>
/// <param name="Date">Business date, the date of the open being prepared; the next open's when left out.</param>
/// <param name="Again">Starts the next revision when the night's run is finished.</param>
public sealed record RunStartRequest(string? Market, DateOnly? Date, bool? Again)
{
    private const int MostBytes = 4096;

    internal static Task<(RunStartRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct) =>
        JsonBody.ReadAsync<RunStartRequest>(
            body,
            MostBytes,
            "market, date and again",
            new(null, null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );

    private RunStartRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("market" or "date" or "again", JsonValueKind.Null):
                return this;
            case ("market", JsonValueKind.String):
                return this with { Market = field.Value.GetString() };
            case ("date", JsonValueKind.String)
                when DateOnly.TryParseExact(
                    field.Value.GetString(),
                    "yyyy-MM-dd",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.None,
                    out var date
                ):
                return this with { Date = date };
            case ("again", JsonValueKind.True or JsonValueKind.False):
                return this with { Again = field.Value.GetBoolean() };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "market" => $"must be the code of a market, not {DisplayText.Short(field.Value.GetRawText())}",
                "date" => $"must be a day of the calendar as yyyy-MM-dd, not {DisplayText.Short(field.Value.GetRawText())}",
                "again" => $"must be true or false, not {DisplayText.Short(field.Value.GetRawText())}",
                _ => "is not known; known are market, date and again",
            },
        ];
        return this;
    }
}
