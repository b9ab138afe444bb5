using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Reference;

namespace Overnight.Api.Admin;

/// <summary>Checks the tenant ids that administrators send.</summary>
internal static class TenantIds
{
    public static string Wrong(JsonElement given) =>
        $"must be the id of a tenant, such as 019a0000-0000-7000-8000-000000000001, not {DisplayText.Short(given.GetRawText())}";

    /// <summary>Adds an error for <paramref name="field"/> when the tenant does not exist.</summary>
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
