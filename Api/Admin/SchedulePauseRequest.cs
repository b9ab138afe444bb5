using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core;
using Overnight.Core.Schedules;

namespace Overnight.Api.Admin;

/// <summary>Why a schedule is to be paused, and until when.</summary>
/// <param name="Reason">Required; at most 500 characters.</param>
/// <param name="Until">When it goes on by itself; not before it is resumed when left out.</param>
public sealed record SchedulePauseRequest(string? Reason, DateTimeOffset? Until)
{
    private const int MostBytes = 4096;
    private const string Fields = "reason and until";

    internal static async Task<(SchedulePauseRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(
        Stream body,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        var (request, errors) = await JsonBody.ReadAsync<SchedulePauseRequest>(
            body,
            MostBytes,
            Fields,
            new(null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (!errors.ContainsKey("reason") && !errors.ContainsKey("body") && SchedulePause.WrongReason(request.Reason) is { } wrong)
            errors["reason"] = [wrong];
        if (request.Until <= now)
            errors["until"] = [$"must be to come, and is {request.Until.Value.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}"];
        return (request, errors);
    }

    private SchedulePauseRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("reason" or "until", JsonValueKind.Null):
                return this;
            case ("reason", JsonValueKind.String):
                return this with { Reason = field.Value.GetString() };
            case ("until", JsonValueKind.String) when UtcMoment.TryRead(field.Value.GetString(), out var until):
                return this with { Until = until };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "reason" => $"must be a text, not {DisplayText.Short(field.Value.GetRawText())}",
                "until" => $"{UtcMoment.Rule}, not {DisplayText.Short(field.Value.GetRawText())}",
                _ => $"is not known; known are {Fields}",
            },
        ];
        return this;
    }
}
