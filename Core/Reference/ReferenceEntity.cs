using Overnight.Core.Warming;

namespace Overnight.Core.Reference;

/// <summary>
/// A kind of reference data, declared once for the endpoint that reads it, the warm sets, and invalidation. Source: SPEC G1-G5.
/// </summary>
/// <param name="Module">First part of its keys, such as <c>finance</c>.</param>
/// <param name="Name">Second part of its keys, unique in the module.</param>
/// <param name="Kind">Decides the TTL.</param>
/// <param name="Value">
/// A scalar SQL query that makes the entry's JSON object; null where there is nothing. It sees a row <c>k</c> with
/// <c>tenant_id</c> (uuid), <c>today</c> (date, UTC) and the parts by name (text, in their one form), and must take rows of that tenant
/// alone.
/// </param>
public sealed record ReferenceEntity(string Module, string Name, ReferenceKind Kind, string Value)
{
    /// <summary>Named parts of the key after the tenant, in order.</summary>
    public IReadOnlyList<CacheKeyPart> Parts { get; init; } = [];

    /// <summary>When it is warmed; null for never: then it waits for a reader.</summary>
    public WarmPhase? Phase { get; init; }

    /// <summary>
    /// A query for the keys that are warmed, its columns the parts by name, over a row <c>t</c> with <c>tenant_id</c> and <c>today</c>;
    /// null for an entity without parts.
    /// </summary>
    public string? Keys { get; init; }

    /// <summary>
    /// A query for all that is warmed at once, where that is cheaper than <see cref="Value"/> for each of <see cref="Keys"/>: columns
    /// <c>value</c> and the parts, over <c>t</c> as well.
    /// </summary>
    public string? Many { get; init; }

    /// <summary>What happens to data that this entity shows.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary><c>module:entity</c>, as patterns and generations name it.</summary>
    public string FullName { get; } = $"{Module}:{Name}";

    /// <summary>For one question: $1 tenant, $2 today, then the parts. One row, one column: bytea or null.</summary>
    public string OneSql =>
        $"""
            select convert_to(({Value})::text, 'UTF8')
            from (select $1::uuid as tenant_id, $2::date as today{string.Concat(
                Parts.Select((part, at) => $", ${at + 3}::text as \"{part.Name}\"")
            )}) k
            """;

    /// <summary>
    /// For all entries of some tenants that are warmed: $1 tenants, $2 today. Columns: value (bytea or null), generation, tenant, then
    /// the parts; all of one snapshot.
    /// </summary>
    public string ManySql =>
        Many is null
            ? $"""
                select convert_to(({Value})::text, 'UTF8'), {GenerationOf("k")}, k.tenant_id{string.Concat(
                    Parts.Select(part => $", k.\"{part.Name}\"")
                )}
                from (select t.*{(Keys is null ? "" : ", p.*")} from {Asked}{Lateral}) k
                """
            : $"select convert_to(m.value::text, 'UTF8'), {GenerationOf("t")}, t.tenant_id{string.Concat(Parts.Select(part => $", m.\"{part.Name}\""))} from {Asked} cross join lateral ({Many}) m";

    /// <summary>How many entries of tenants are warmed: $1 a tenant, or null for all; $2 today.</summary>
    public string CountSql =>
        $"select count(*) from (select id as tenant_id, $2::date as today from tenants where $1::uuid is null or id = $1) t{Lateral}";

    private const string Asked = "(select id as tenant_id, $2::date as today from unnest($1::uuid[]) id) t";

    private string GenerationOf(string row) => $"erp.generation({row}.tenant_id, '{FullName}')";

    private string Lateral => Keys is null ? "" : $" cross join lateral ({Keys}) p";

    /// <summary>
    /// <c>{module}:{entity}:{tenantId}:{name:value...}</c> (SPEC G2). Values come from outside, and are percent-encoded, so that none
    /// can forge another key.
    /// </summary>
    /// <param name="values">Of the parts, in their one form and in order.</param>
    public string Key(Guid tenant, IReadOnlyList<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count != Parts.Count)
            throw new ArgumentException($"{FullName} has {Parts.Count} parts, not {values.Count}.", nameof(values));
        return $"{FullName}:{tenant:D}{string.Concat(Parts.Zip(values, (part, value) => $":{part.Name}:{Uri.EscapeDataString(value)}"))}";
    }
}
