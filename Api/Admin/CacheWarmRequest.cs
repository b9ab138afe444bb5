using System.Text.Json;
using Overnight.Api.Problems;

namespace Overnight.Api.Admin;

/// <summary>What a client asks to be warmed; every field may be left out, and so may the body.</summary>
/// <param name="Sets">Names of warm sets; all of them when left out.</param>
/// <param name="Count">The most entries of each set.</param>
/// <param name="Tenant">Only this tenant, of sets that are of tenants.</param>
public sealed record CacheWarmRequest(IReadOnlyList<string>? Sets, int? Count, Guid? Tenant = null)
{
    private const int MostBytes = 16 * 1024;

    internal static Task<(CacheWarmRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct) =>
        JsonBody.ReadAsync<CacheWarmRequest>(body, MostBytes, "sets, count and tenant", new(null, null), static (request, field, errors) => request.With(field, errors), ct);

    private CacheWarmRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("sets" or "count" or "tenant", JsonValueKind.Null):
                return this;
            case ("sets", JsonValueKind.Array) when field.Value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String):
                return this with { Sets = [.. field.Value.EnumerateArray().Select(name => name.GetString()!)] };
            case ("count", JsonValueKind.Number) when field.Value.TryGetInt32(out var count) && count > 0:
                return this with { Count = count };
            case ("tenant", JsonValueKind.String) when Guid.TryParseExact(field.Value.GetString(), "D", out var id):
                return this with { Tenant = id };
        }
        errors[field.Name] = [field.Name switch
        {
            "sets" => $"must be a list of names of warm sets, not {field.Value.GetRawText()}",
            "count" => $"must be a whole number from 1 on, not {field.Value.GetRawText()}",
            "tenant" => TenantIds.Wrong(field.Value),
            _ => "is not known; known are sets, count and tenant",
        }];
        return this;
    }
}
