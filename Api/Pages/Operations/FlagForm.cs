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
        JsonNode? value;
        try
        {
            value = string.IsNullOrWhiteSpace(Value) ? null : JsonNode.Parse(Value);
        }
        catch (JsonException exception)
        {
            // What was typed is shown again with the place of the fault.
            fault = $"The value must be JSON, such as 5, \"text\" or {{\"a\":1}}: {JsonErrors.Describe(exception)}";
            return null;
        }
        JsonObject body = new()
        {
            ["enabled"] = Enabled,
            // Without a version any would match, and the form would undo what came between.
            ["version"] = FormJsonBody.Number(Version) ?? JsonValue.Create(""),
            ["value"] = value,
            ["description"] = Description,
        };
        return new(JsonSerializer.SerializeToUtf8Bytes(body));
    }
}
