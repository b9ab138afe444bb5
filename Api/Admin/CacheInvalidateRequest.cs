using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>Which cached reference data to read again: by pattern, by tenant, by both, or all of it.</summary>
/// <param name="Pattern">Such as <c>finance:*</c>; see <see cref="ReferenceCatalog.Matching"/>.</param>
/// <param name="All">Must be true to invalidate everything, so that a forgotten field does not empty the cache.</param>
public sealed record CacheInvalidateRequest(string? Pattern, Guid? TenantId, bool All)
{
    private const int MostBytes = 4 * 1024;

    /// <summary>Null for every entity.</summary>
    internal IReadOnlyList<ReferenceEntity>? Entities => Pattern is null ? null : ReferenceCatalog.Matching(Pattern);

    /// <summary>Reads a body, and checks that its tenant is there.</summary>
    internal static async Task<(CacheInvalidateRequest Request, Dictionary<string, string[]> Errors)> CheckAsync(
        Stream body,
        TenantDirectory tenants,
        CancellationToken ct
    )
    {
        var (request, errors) = await ReadAsync(body, ct);
        await tenants.CheckAsync(request.TenantId, "tenantId", errors, ct);
        return (request, errors);
    }

    private static async Task<(CacheInvalidateRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(
        Stream body,
        CancellationToken ct
    )
    {
        var (request, errors) = await JsonBody.ReadAsync<CacheInvalidateRequest>(
            body,
            MostBytes,
            "pattern, tenantId or all",
            new(null, null, false),
            static (request, field, errors) => request.With(field, errors),
            ct
        );
        if (errors.Count > 0)
            return (request, errors);
        var isNarrow = request.Pattern is not null || request.TenantId is not null;
        if (request.All && isNarrow)
            errors["all"] = ["must not be given with pattern or tenantId"];
        else if (!request.All && !isNarrow)
            errors["body"] = ["must have pattern, tenantId or both, or all: true"];
        return (request, errors);
    }

    private CacheInvalidateRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        switch (field.Name, field.Value.ValueKind)
        {
            case ("pattern" or "tenantId" or "all", JsonValueKind.Null):
                return this;
            case ("pattern", JsonValueKind.String) when ReferenceCatalog.Matching(field.Value.GetString()!).Count > 0:
                return this with { Pattern = field.Value.GetString() };
            case ("tenantId", JsonValueKind.String) when Guid.TryParseExact(field.Value.GetString(), "D", out var id):
                return this with { TenantId = id };
            case ("all", JsonValueKind.True or JsonValueKind.False):
                return this with { All = field.Value.GetBoolean() };
        }
        errors[field.Name] =
        [
            field.Name switch
            {
                "pattern" =>
                    $"must be module:entity with * for any text, such as finance:*, and match one of {string.Join(", ", ReferenceCatalog.All.Select(entity => entity.FullName))}; it is {DisplayText.Short(field.Value.GetRawText())}",
                "tenantId" => TenantIds.Wrong(field.Value),
                "all" => $"must be true or false, not {DisplayText.Short(field.Value.GetRawText())}",
                _ => "is not known; known are pattern, tenantId and all",
            },
        ];
        return this;
    }
}
