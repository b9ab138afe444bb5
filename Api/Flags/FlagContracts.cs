using System.Text.Json;
using Overnight.Core.Flags;
using Overnight.Core.Json;

namespace Overnight.Api.Flags;

/// <summary>A flag as administrators see it.</summary>
/// <param name="UpdatedBy">User who changed it; null for the admin key, a seed, or SQL.</param>
/// <param name="LastAccessedAt">Behind by some seconds, as is the count.</param>
internal sealed record FlagItem(
    string Key,
    bool Enabled,
    JsonElement? Value,
    string Description,
    long Version,
    DateTimeOffset UpdatedAt,
    Guid? UpdatedBy,
    DateTimeOffset? LastAccessedAt,
    long AccessCount
)
{
    public static FlagItem From(FeatureFlag flag) =>
        new(
            flag.Key,
            flag.Enabled,
            flag.Value is null ? null : JsonElement.Parse(JsonSurrogates.Repair(flag.Value)),
            flag.Description,
            flag.Version,
            flag.UpdatedAt,
            flag.UpdatedBy,
            flag.LastAccessedAt,
            flag.AccessCount
        );
}

/// <summary>A change of a flag.</summary>
/// <param name="Version">Version that the change made.</param>
/// <param name="ChangedBy">User who made the change; null for the admin key.</param>
internal sealed record FlagChangeItem(long Version, DateTimeOffset ChangedAt, Guid? ChangedBy, JsonElement Before, JsonElement After)
{
    public static FlagChangeItem From(FlagChangeRecord change) =>
        new(change.Version, change.ChangedAt, change.ChangedBy, Json(change.Before), Json(change.After));

    private static JsonElement Json(string text) => JsonElement.Parse(JsonSurrogates.Repair(text));
}
