using System.Text.Json;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>A tenant that an administrator names.</summary>
internal static class TenantIds
{
    public static string Wrong(JsonElement given) =>
        $"must be the id of a tenant, such as 019a0000-0000-7000-8000-000000000001, not {given.GetRawText()}";

    /// <summary>Adds an error where it is named and not there.</summary>
    public static async Task CheckAsync(
        this TenantDirectory tenants,
        Guid? tenant,
        string field,
        Dictionary<string, string[]> errors,
        CancellationToken ct
    )
    {
        if (errors.Count == 0 && tenant is { } id && !await tenants.ContainsAsync(id, ct))
            errors[field] = [$"There is no tenant {id:D}"];
    }
}
