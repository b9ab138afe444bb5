using Npgsql;

namespace Overnight.Jobs.Migrations;

/// <summary>
/// Changes the owner of all objects that an earlier build made as the server's administrator, one at a time, since REASSIGN OWNED
/// refuses the role that the server was set up with. Security-definer functions are left out: people made them, and they would lose
/// the administrator's rights.
/// </summary>
/// <remarks>
/// Each change is committed by itself, so that tables of a run under way are waited for one by one. The migrations table, whose owner
/// tells the former owner, comes last, so that the next migrate resumes a handover that failed.
/// </remarks>
internal static class ObjectHandover
{
    // $1 is the owner. In a database of PostgreSQL 14 the schema public belongs to the administrator, from 15 on to whoever owns the
    // database.
    private const string Statements = """
        with former as (select relowner as role from pg_class where oid = to_regclass('"__EFMigrationsHistory"')
            and relowner <> $1::regrole),
        ours as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
        extensions as (select classid, objid from pg_depend where deptype = 'e')
        select statement from (
            select 1 as turn, format('alter schema %I owner to %s', n.nspname, $1::regrole) as statement
            from pg_namespace n where n.oid in (select oid from ours) and n.nspowner <> $1::regrole
                and (n.nspowner in (select role from former) or n.nspname = 'public' and n.nspowner <>
                    coalesce(to_regrole('pg_database_owner'), 0))
            union all
            select 2, format('alter type %s owner to %s', t.oid::regtype, $1::regrole)
            from pg_type t left join pg_class c on c.oid = t.typrelid
            where t.typnamespace in (select oid from ours) and t.typowner in (select role from former)
                and t.typcategory <> 'A' and t.typtype <> 'm' and (c.oid is null or c.relkind = 'c')
                and (1247, t.oid) not in (select classid, objid from extensions)
            union all
            select 3, format('alter routine %s owner to %s', p.oid::regprocedure, $1::regrole)
            from pg_proc p where p.pronamespace in (select oid from ours) and p.proowner in (select role from former) and not p.prosecdef
                and (1255, p.oid) not in (select classid, objid from extensions)
            union all
            -- A sequence of a column goes with its table, and so do indexes.
            select case when c.oid = to_regclass('"__EFMigrationsHistory"') then 5 else 4 end, format('alter table %s owner to %s',
                c.oid::regclass, $1::regrole)
            from pg_class c where c.relnamespace in (select oid from ours) and c.relowner in (select role from former)
                and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
                and not exists (select from pg_depend d where c.relkind = 'S' and d.classid = 1259 and d.objid = c.oid
                    and d.refclassid = 1259 and d.deptype in ('a', 'i'))
                and (1259, c.oid) not in (select classid, objid from extensions)) s
        order by turn, statement
        """;

    /// <param name="administrator">The administrator's connection to Overnight's database.</param>
    /// <returns>How many objects were handed over.</returns>
    public static async Task<int> RunAsync(NpgsqlConnection administrator, string owner, CancellationToken ct)
    {
        var statements = await administrator.TextsAsync(Statements, ct, Sql.Name(owner));
        foreach (var statement in statements)
            await administrator.ExecuteAsync(statement, ct);
        return statements.Count;
    }
}
