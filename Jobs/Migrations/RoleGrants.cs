using System.Collections.Frozen;
using Npgsql;
using Overnight.Core.Reference;

namespace Overnight.Jobs.Migrations;

/// <summary>Grants the two lesser roles their rights on the owner's objects; every migrate grants the same.</summary>
internal static class RoleGrants
{
    // What api does with each table of Overnight, and no more. A test finds a table that is missing here. Locking a row for share
    // needs the right to update a column, hence the one on current_results.
    private static readonly FrozenDictionary<string, string?> ApiMay = new Dictionary<string, string?>
    {
        ["__EFMigrationsHistory"] = "select",
        ["action_log"] = "select, insert",
        ["asset_classes"] = "select",
        ["asset_postings"] = "select",
        ["assets"] = "select",
        ["batch_attempts"] = "select",
        ["cache_minutes"] = "select, insert, update, delete",
        ["cache_presence"] = "select, insert, update",
        ["cache_truth"] = "select",
        ["calculation_events"] = "select",
        ["calculation_results"] = "select",
        ["criteria_versions"] = "select",
        ["current_results"] = "select, update (business_date)",
        // Data Protection adds a key every 90 days and never changes one.
        ["data_protection_keys"] = "select, insert",
        ["erased_leaves"] = null,
        ["erasures"] = "select, insert",
        ["exchange_rates"] = "select",
        ["failing_users"] = "select",
        ["feature_flag_changes"] = "select, insert",
        ["feature_flags"] = "select, update",
        ["fundamentals"] = null,
        ["holdings"] = "select",
        ["kept_history"] = "select",
        ["market_snapshots"] = "select",
        ["markets"] = null,
        ["nights"] = "select",
        ["notice_deliveries"] = "select, update (state, attempts, next_at, retry_until, delivered_at)",
        ["notices"] = "select",
        ["overnight_job_runs"] = "select, insert, update",
        ["person_refs"] = "select, insert",
        ["portfolios"] = "select",
        ["prices"] = null,
        ["provider_calls"] = "select",
        ["result_reads"] = "select, insert",
        ["run_batches"] = "select",
        ["run_failures"] = "select",
        ["seals"] = "select",
        ["schedule_marks"] = null,
        ["schedule_pauses"] = "select, insert, update (ended_at)",
        ["session_signing_key"] = "select",
        ["sessions"] = "select, insert, update (last_active_at, revoked_at)",
        ["tenants"] = "select",
        ["user_markets"] = "select",
        ["user_passwords"] = "select, update (password_hash, changed_at)",
        ["users"] = "select, update (banned_at, deleted_at)",
        ["warm_deadlines"] = "select",
        ["warm_progress"] = "select, insert, update",
        ["worker_heartbeats"] = "select",
    }.ToFrozenDictionary();

    /// <summary>Never readable by configured warm sets, even when granted by mistake, such as by "on all tables".</summary>
    private static readonly string[] Secrets = ["data_protection_keys", "session_signing_key", "sessions", "user_passwords"];

    /// <summary>Has no row-level security: it is read and raised across tenants, and holds no data of theirs.</summary>
    private const string Generations = "generations";

    // $1 is the role of api, $2 the table of no tenant. For every role grants decide; api is also restricted to its session's tenants.
    private const string Policies = $"""
        with tables as (
            select c.oid, c.oid::regclass::text as name, c.relrowsecurity from pg_class c
            where c.relnamespace = 'erp'::regnamespace and c.relkind in ('r', 'p') and c.relname <> $2
                and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped)),
        wanted as (
            select oid, name, 'granted'::name as policy, 'using (true)' as rule from tables
            union all
            select oid, name, ('tenant_of_' || $1)::name,
                format('as restrictive to %I using (tenant_id = any (string_to_array(current_setting(''{TenantRowSecurity.Name}'', true), '','')::uuid[]))', $1) from tables)
        select statement from (
            select 1 as turn, format('create policy %I on %s %s', policy, name, rule) as statement from wanted w
            where not exists (select from pg_policy p where p.polrelid = w.oid and p.polname = w.policy)
            union all
            select 2, format('alter table %s enable row level security', name) from tables where not relrowsecurity) s
        order by turn, statement
        """;

    // Views are left out, because a view reads with its owner's rights and would show the rows of every tenant.
    private const string TablesOfTenants = """
        select c.oid::regclass::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
        where c.relnamespace = 'erp'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity order by 1
        """;

    /// <summary>Every table of Overnight outside schema <c>erp</c>, without partitions.</summary>
    public static IReadOnlyCollection<string> Tables => ApiMay.Keys;

    /// <param name="owner">A connection of the owner of database and objects.</param>
    /// <param name="api">Null for no such role.</param>
    /// <param name="sets">Null for no such role.</param>
    public static async Task ApplyAsync(NpgsqlConnection owner, string? api, string? sets, CancellationToken ct)
    {
        if (api is not null)
        {
            // One by one: each locks its table, and locks on several could deadlock with readers of several.
            foreach (var policy in await owner.TextsAsync(Policies, ct, api, Generations))
                await owner.ExecuteAsync(policy, ct);
        }
        List<string> statements =
        [
            $"revoke temporary on database {Sql.Name(owner.Database)} from public",
            // The default of PostgreSQL 15 and later.
            "revoke create on schema public from public",
        ];
        if (api is not null)
            statements.AddRange(OfApi(Sql.Name(owner.Database), Sql.Name(api), await owner.TextsAsync(TablesOfTenants, ct)));
        if (sets is not null)
            statements.AddRange(OfSets(Sql.Name(owner.Database), Sql.Name(sets)));
        // In one transaction, so that no statement runs between a revoke and its grant.
        await using var transaction = await owner.BeginTransactionAsync(ct);
        await owner.ExecuteAsync(string.Join(";\n", statements), ct);
        await transaction.CommitAsync(ct);
    }

    private static IEnumerable<string> OfApi(string database, string api, IReadOnlyList<string> tablesOfTenants)
    {
        yield return $"grant connect on database {database} to {api}";
        yield return $"grant usage on schema public, erp to {api}";
        foreach (var (table, privileges) in ApiMay)
        {
            yield return $"revoke all on {Sql.Name(table)} from {api}";
            if (privileges is not null)
                yield return $"grant {privileges} on {Sql.Name(table)} to {api}";
        }
        yield return $"revoke all on all tables in schema erp from {api}";
        foreach (var table in tablesOfTenants)
            yield return $"grant select on {table} to {api}";
        yield return $"grant select, insert, update on erp.{Generations} to {api}";
        yield return $"grant execute on all functions in schema erp to {api}";
    }

    private static IEnumerable<string> OfSets(string database, string sets)
    {
        yield return $"grant connect on database {database} to {sets}";
        yield return $"grant usage on schema public to {sets}";
        foreach (var secret in Secrets)
            yield return $"revoke all on {Sql.Name(secret)} from {sets}";
    }
}
