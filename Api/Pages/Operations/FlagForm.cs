using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Overnight.Core.Flags;
using Overnight.Core.Json;

namespace Overnight.Api.Pages.Operations;

/// <summary>The fields of the form that changes a flag, as text.</summary>
internal sealed record FlagForm(string Version, bool Enabled, string Value, string Description)
{
    public FlagForm(FeatureFlag flag)
        : this(flag.Version.ToString(CultureInfo.InvariantCulture), flag.Enabled, flag.Value ?? "", flag.Description) { }

    public static FlagForm Of(IFormCollection form) =>
        new($"{form["version"]}", form["enabled"].Count > 0, $"{form["value"]}", $"{form["description"]}");

    /// <summary>The body of the API's route for the same change.</summary>
    /// <returns>Null where the value is not JSON; <paramref name="fault"/> says where.</returns>
    public MemoryStream? TryBody(out string? fault)
    {
        fault = null;
        MemoryStream body = new();
        using Utf8JsonWriter json = new(body);
        json.WriteStartObject();
        json.WriteBoolean("enabled", Enabled);
        json.WritePropertyName("version");
        // An unreadable version is sent as text, which the API refuses: without one, the form would overwrite changes made meanwhile.
        (FormJsonBody.Number(Version) ?? JsonValue.Create("")).WriteTo(json);
        json.WritePropertyName("value");
        try
        {
            // Sends the value as it was typed, so that the API refuses what it refuses from others, such as an escape that is no character.
            if (string.IsNullOrWhiteSpace(Value))
                json.WriteNullValue();
            else
                json.WriteRawValue(Value);
        }
        catch (JsonException exception)
        {
            // What was typed is shown again with the place of the fault.
            fault = $"The value must be JSON, such as 5, \"text\" or {{\"a\":1}}: {JsonErrors.Describe(exception)}";
            return null;
        }
        json.WriteString("description", Description);
        json.WriteEndObject();
        json.Flush();
        body.Position = 0;
        return body;
    }
}
