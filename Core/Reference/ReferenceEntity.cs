using Overnight.Core.Warming;

namespace Overnight.Core.Reference;

/// <summary>
/// A kind of reference data, declared once for the endpoint that reads it, the warm sets, and invalidation.
/// </summary>
/// <param name="Module">First part of its keys, such as <c>finance</c>.</param>
/// <param name="Name">Second part of its keys, unique in the module.</param>
/// <param name="Kind">How fast it ages, which sets the TTL.</param>
/// <param name="Value">
/// A scalar SQL query that returns the entry's JSON object, or null where there is none. It sees a row <c>k</c> with <c>tenant_id</c>
/// (uuid), <c>today</c> (date, UTC) and the parts by name (text, normalised), and must read rows of that tenant only.
/// </param>
public sealed record ReferenceEntity(string Module, string Name, ReferenceVolatility Kind, string Value)
{
    /// <summary>Named parts of the key after the tenant, in order.</summary>
    public IReadOnlyList<CacheKeyPart> Parts { get; init; } = [];

    /// <summary>The phase in which it is warmed; null when it is cached only once it is read.</summary>
    public WarmPhase? Phase { get; init; }

    /// <summary>
    /// A query for the keys that are warmed. Its columns are the parts by name; it sees a row <c>t</c> with <c>tenant_id</c> and
    /// <c>today</c>. Null for an entity without parts.
    /// </summary>
    public string? Keys { get; init; }

    /// <summary>
    /// A query for all warmed entries of a tenant at once, instead of <see cref="Keys"/> where that is cheaper than <see cref="Value"/> for
    /// each of them. Its columns are <c>value</c> and the parts; it sees the row <c>t</c>.
    /// </summary>
    public string? Many { get; init; }

    /// <summary>Events that invalidate this entity.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>The name <c>module:entity</c>, used in patterns and generations.</summary>
    public string FullName { get; } = $"{Module}:{Name}";

    /// <summary>Query for one entry. $1 tenant, $2 today, then the parts. Returns one row and column: bytea or null.</summary>
    public string OneSql =>
        $"""
            select convert_to(({Value})::text, 'UTF8')
            from (select $1::uuid as tenant_id, $2::date as today{string.Concat(
                Parts.Select((part, at) => $", ${at + 3}::text as \"{part.Name}\"")
            )}) k
            """;

    /// <summary>
    /// Query for all warmed entries of several tenants, in one snapshot. $1 tenants, $2 today. Columns: value (bytea or null), generation,
    /// tenant, then the parts.
    /// </summary>
    public string ManySql =>
        Many is null
            ? $"""
                select convert_to(({Value})::text, 'UTF8'), {GenerationOf("k")}, k.tenant_id{string.Concat(
                    Parts.Select(part => $", k.\"{part.Name}\"")
                )}
                from (select t.*{(Keys is null ? "" : ", p.*")} from {Asked}{Lateral}) k
                """
            : $"""
                select convert_to(p.value::text, 'UTF8'), {GenerationOf("t")}, t.tenant_id{string.Concat(
                    Parts.Select(part => $", p.\"{part.Name}\"")
                )}
                from {Asked}{Lateral}
                """;

    /// <summary>Query for the number of warmed entries. $1 a tenant, or null for all; $2 today.</summary>
    public string CountSql =>
        $"select count(*) from (select id as tenant_id, $2::date as today from tenants where $1::uuid is null or id = $1) t{Lateral}";

    private const string Asked = "(select id as tenant_id, $2::date as today from unnest($1::uuid[]) id) t";

    private string GenerationOf(string row) => $"erp.generation({row}.tenant_id, '{FullName}')";

    private string Lateral => (Many ?? Keys) is { } warmed ? $" cross join lateral ({warmed}) p" : "";

    /// <summary>
    /// Builds the cache key, <c>{module}:{entity}:{tenantId}:{name:value...}</c>. Values come from outside and are percent-encoded, so that
    /// none can forge another key.
    /// </summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="values">Values of the parts, normalised and in order.</param>
    public string Key(Guid tenant, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != Parts.Count)
            throw new ArgumentException($"{FullName} has {Parts.Count} key parts, but {values.Count} values were given.", nameof(values));
        return $"{FullName}:{tenant:D}{string.Concat(Parts.Zip(values, (part, value) => $":{part.Name}:{Uri.EscapeDataString(value)}"))}";
    }
}
