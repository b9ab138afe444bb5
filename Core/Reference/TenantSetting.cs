using Npgsql;
using NpgsqlTypes;

namespace Overnight.Core.Reference;

/// <summary>
/// Says in PostgreSQL whose reference data the statements behind it are about: the role of <c>api</c> sees rows of schema
/// <c>erp</c> of these tenants and no other, and without it none (row-level security, <c>Jobs/Migrations/RoleGrants.cs</c>). The
/// role that owns the database, which warms, sees all.
/// </summary>
/// <remarks>
/// Good until the transaction ends, and without one to the end of its batch, which is a transaction then; so that nothing is left
/// behind on a pooled connection, and it costs no round trip.
/// </remarks>
internal static class TenantSetting
{
    /// <summary>Ids with commas between them.</summary>
    public const string Name = "overnight.tenant";

    /// <summary>The first of a batch, or of a transaction. Its result, a row, comes first as well.</summary>
    public static NpgsqlBatchCommand Of(params Guid[] tenants) =>
        new($"select set_config('{Name}', array_to_string($1, ','), true)")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid[]> { TypedValue = tenants, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
            },
        };
}
