using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Flags;

namespace Overnight.Api.Admin;

/// <summary>What a client asks to be warmed; every field may be left out, and so may the body.</summary>
/// <param name="Sets">Names of warm sets; all of them when left out.</param>
/// <param name="Count">The most entries of each set.</param>
/// <param name="FlagKeys">Only these feature flags; no other set may be named with them.</param>
/// <param name="Tenant">Only this tenant's entries, of sets that are per tenant.</param>
public sealed record CacheWarmRequest(IReadOnlyList<string>? Sets, int? Count, IReadOnlyList<string>? FlagKeys = null, Guid? Tenant = null)
{
    private const int MostBytes = 16 * 1024;
    private const string Fields = "sets, count, flagKeys and tenant";

    internal static Task<(CacheWarmRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct) =>
        JsonBody.ReadAsync<CacheWarmRequest>(
            body,
            MostBytes,
            Fields,
            new(null, null),
            static (request, field, errors) => request.With(field, errors),
            ct
        );

    private CacheWarmRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("sets" or "count" or "flagKeys" or "tenant", JsonValueKind.Null):
                return this;
            case ("sets", JsonValueKind.Array) when field.Value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String):
                return this with { Sets = [.. field.Value.EnumerateArray().Select(name => name.GetString()!)] };
            case ("count", JsonValueKind.Number) when field.Value.TryGetInt32(out var count) && count > 0:
                return this with { Count = count };
            case ("tenant", JsonValueKind.String) when Guid.TryParseExact(field.Value.GetString(), "D", out var id):
                return this with { Tenant = id };
            case ("flagKeys", JsonValueKind.Array)
                when field.Value.GetArrayLength() > 0
                    && field.Value.EnumerateArray().All(key => key.ValueKind == JsonValueKind.String && FeatureFlag.IsKey(key.GetString())):
                return this with
                {
                    FlagKeys = [.. field.Value.EnumerateArray().Select(key => key.GetString()!).Distinct(StringComparer.Ordinal)],
                };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "sets" => $"must be a list of names of warm sets, not {DisplayText.Short(field.Value.GetRawText())}",
                "count" => $"must be a whole number from 1 on, not {DisplayText.Short(field.Value.GetRawText())}",
                "flagKeys" =>
                    $"must be a list of keys of flags, each of which {FeatureFlag.KeyRule}, not {DisplayText.Short(field.Value.GetRawText())}",
                "tenant" => TenantIds.Wrong(field.Value),
                _ => $"is not known; known are {Fields}",
            },
        ];
        return this;
    }
}
