using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>What an administrator changes of a flag; what is left out stays.</summary>
/// <param name="Value">Any JSON; null for none.</param>
/// <param name="Version">Version that the change is meant for; any version when left out and If-Match is not sent.</param>
public sealed record FlagPatch(bool? Enabled, JsonElement? Value, string? Description, long? Version)
{
    private const int MostBytes = 16 * 1024;
    private const string Fields = "enabled, value, description and version";

    internal FlagChange Change => new(Enabled, Value?.GetRawText(), Description);

    internal static async Task<(FlagPatch Patch, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct)
    {
        var (patch, errors) = await JsonBody.ReadAsync<FlagPatch>(
            body,
            MostBytes,
            Fields,
            new(null, null, null, null),
            static (patch, field, errors) => patch.With(field, errors),
            ct
        );
        if (errors.Count == 0 && patch is { Enabled: null, Value: null, Description: null })
            errors["body"] = ["must have at least one of enabled, value and description"];
        return (patch, errors);
    }

    private FlagPatch With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("enabled", JsonValueKind.True or JsonValueKind.False):
                return this with { Enabled = field.Value.GetBoolean() };
            case ("value", _):
                // Cloned, since the parsed document is disposed once the body is read.
                return this with { Value = field.Value.Clone() };
            case ("description", JsonValueKind.String)
                when field.Value.GetString() is { Length: <= FeatureFlag.MostDescriptionLength } text && !text.Any(char.IsControl):
                return this with { Description = text };
            case ("version", JsonValueKind.Number) when field.Value.TryGetInt64(out var version) && version > 0:
                return this with { Version = version };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "enabled" => $"must be true or false, not {DisplayText.Short(field.Value.GetRawText())}",
                "description" =>
                    $"must be a text of at most {FeatureFlag.MostDescriptionLength} characters on one line, not {DisplayText.Short(field.Value.GetRawText())}",
                "version" => $"must be a whole number from 1 on, not {DisplayText.Short(field.Value.GetRawText())}",
                _ => $"is not known; known are {Fields}",
            },
        ];
        return this;
    }
}
