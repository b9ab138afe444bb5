using Overnight.Core.Reference;

namespace Overnight.Api.Reference;

/// <summary>Reads the query parameters of a reference data request.</summary>
internal static class ReferenceRequest
{
    private const string Tenant = "tenantId";

    /// <summary>Whether the query names no tenant, or this one.</summary>
    public static bool IsOf(Guid tenant, IQueryCollection query) =>
        !query.TryGetValue(Tenant, out var named) || (named is [{ } one] && Guid.TryParseExact(one, "D", out var id) && id == tenant);

    /// <returns>The canonical value of each part of the entity's key, in order; or errors by field.</returns>
    public static (string[] Values, Dictionary<string, string[]> Errors) Read(ReferenceEntity entity, IQueryCollection query)
    {
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        var values = new string[entity.Parts.Count];
        for (var at = 0; at < values.Length; at++)
        {
            var part = entity.Parts[at];
            // The query collection ignores case; a name in another case is refused below.
            var given = query.TryGetValue(part.Name, out var all) ? all : default;
            if (given.Count > 1)
                errors[part.Name] = [$"must be given once, not {given.Count} times"];
            else if (part.Read(given.Count == 0 ? null : given[0], out var error) is { } value)
                values[at] = value;
            else
                errors[part.Name] = [error];
        }
        foreach (var name in query.Keys)
        {
            if (name == Tenant || entity.Parts.Any(part => part.Name == name))
                continue;
            var known = entity.Parts.Count == 0 ? "it has none" : $"known are {string.Join(", ", entity.Parts.Select(part => part.Name))}";
            errors[name] = [$"is not known of {entity.FullName}; {known}"];
        }
        return (values, errors);
    }
}
