using Npgsql;
using NpgsqlTypes;

namespace Overnight.Core.Reference;

/// <summary>
/// Sets in PostgreSQL the tenants whose reference data the following statements may read. The role of <c>api</c> sees only the rows of
/// schema <c>erp</c> of these tenants, and without the setting none (row-level security, <c>Jobs/Migrations/RoleGrants.cs</c>). The role
/// that owns the database, which warms, sees all rows.
/// </summary>
/// <remarks>
/// The setting lasts until the transaction ends; a batch without a transaction is one of its own. So nothing is left behind on a pooled
/// connection, and the setting costs no round trip.
/// </remarks>
internal static class TenantRowSecurity
{
    /// <summary>The setting, which holds ids with commas between them.</summary>
    public const string Name = "overnight.tenant";

    /// <summary>The first command of a batch or transaction. It returns one row, before the results of the others.</summary>
    public static NpgsqlBatchCommand Of(params Guid[] tenants) =>
        new($"select set_config('{Name}', array_to_string($1, ','), true)")
        {
            Parameters =
            {
                new NpgsqlParameter<Guid[]> { TypedValue = tenants, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
            },
        };
}
