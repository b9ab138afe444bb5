using Npgsql;
using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// Replaces the role that configured warm sets were read with up to migration <c>SignIn</c>, which could read nearly every table. Its
/// grants on tables that are not Overnight's go to the new role; Overnight's own tables must be granted to that one by name.
/// </summary>
internal static class ReaderRoleUpgrade
{
    private const string Name = "overnight_reader";

    // $1 is the old role, $2 the new one, $3 Overnight's tables. A partition belongs to its table.
    private const string Grants = """
        with ours as (select relnamespace as schema from pg_class where oid = to_regclass('"__EFMigrationsHistory"')),
        own as (
            select c.oid, c.relacl, n.nspname, n.nspacl from pg_class c join pg_namespace n on n.oid = c.relnamespace
                left join pg_class top on top.oid = pg_partition_root(c.oid)
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('erp', 'information_schema') and n.nspname !~ '^pg_'
                and not (n.oid in (select schema from ours) and coalesce(top.relname, c.relname) = any ($3::text[])))
        select distinct format('grant usage on schema %I to %s', o.nspname, $2::regrole)
        from own o, aclexplode(o.nspacl) a where a.grantee = $1::regrole and a.privilege_type = 'USAGE' and o.nspname <> 'public'
        union all
        select format('grant select on %s to %s', o.oid::regclass, $2::regrole)
        from own o, aclexplode(o.relacl) a where a.grantee = $1::regrole and a.privilege_type = 'SELECT'
        union all
        select format('grant select (%I) on %s to %s', c.attname, o.oid::regclass, $2::regrole)
        from own o join pg_attribute c on c.attrelid = o.oid and c.attnum > 0 and not c.attisdropped, aclexplode(c.attacl) a
        where a.grantee = $1::regrole and a.privilege_type = 'SELECT'
        order by 1
        """;

    // $1 is the old role, $2 the kind: o owns an object of this database, others are grants.
    private const string Has = """
        select exists (select from pg_shdepend where refclassid = 'pg_authid'::regclass and refobjid = $1::regrole and deptype::text ~ $2
            and dbid = (select oid from pg_database where datname = current_database()))
        """;

    /// <summary>Moves the old role's grants in this database to another role.</summary>
    /// <param name="administrator">The administrator's connection to Overnight's database.</param>
    /// <param name="sets">The role that replaces it.</param>
    /// <returns>The grants that were carried over, as statements; and whether the old role had rights here and has none any
    /// more.</returns>
    public static async Task<(IReadOnlyList<string> Grants, bool IsIdle)> ReplaceAsync(
        NpgsqlConnection administrator,
        string sets,
        CancellationToken ct
    )
    {
        try
        {
            if (!await ExistsAsync(administrator, ct) || !await administrator.ScalarAsync<bool>(Has, ct, Name, "."))
                return ([], false);
            var grants = await administrator.TextsAsync(Grants, ct, Name, Sql.Name(sets), RoleGrants.Tables.ToArray());
            foreach (var grant in grants)
                await administrator.ExecuteAsync(grant, ct);
            if (await administrator.ScalarAsync<bool>(Has, ct, Name, "o"))
            {
                // "drop owned" would drop these objects with their data.
                throw new CommandException(
                    $"The role {Name} of earlier builds owns objects in database \"{administrator.Database}\": give them to another role (reassign owned by {Name} to ..), and migrate again."
                );
            }
            // Drops the role's grants and default privileges, whoever made them.
            await administrator.ExecuteAsync($"drop owned by {Name}", ct);
            return (grants, true);
        }
        catch (PostgresException gone) when (gone.SqlState == PostgresErrorCodes.UndefinedObject)
        {
            // The migration of another database has dropped the role meanwhile, so it had no rights here.
            return ([], false);
        }
    }

    /// <param name="administrator">A connection to the database that holds <see cref="RoleCreation.Lock"/>.</param>
    /// <returns>What became of the role, in a sentence.</returns>
    public static async Task<string> DropAsync(NpgsqlConnection administrator, CancellationToken ct)
    {
        try
        {
            if (await ExistsAsync(administrator, ct))
                await administrator.ExecuteAsync($"drop role {Name}", ct);
            return $"The role {Name} of earlier builds is dropped.";
        }
        catch (PostgresException kept)
            when (kept.SqlState is PostgresErrorCodes.DependentObjectsStillExist or PostgresErrorCodes.InsufficientPrivilege)
        {
            // Another database of the server may still have grants for the role, until it is migrated too.
            return $"The role {Name} of earlier builds has no rights in this database any more, but could not be dropped: {kept.MessageText} ({kept.SqlState}).";
        }
    }

    private static Task<bool> ExistsAsync(NpgsqlConnection administrator, CancellationToken ct) =>
        administrator.ScalarAsync<bool>("select exists (select from pg_roles where rolname = $1)", ct, Name);
}
