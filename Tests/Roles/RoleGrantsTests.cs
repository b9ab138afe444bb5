using Npgsql;
using Overnight.Core.Reference;
using Overnight.Jobs.Demo;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Roles;

/// <summary>What each role may not do; what it may is shown by every test of the API, which runs as its role, and of own sets.</summary>
public sealed class RoleGrantsTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Api_MoreThanItsRows_IsRefused()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);

        await AssertRefusedAsync(
            database.Api,
            "create table mine (id int)",
            "create table erp.mine (id int)",
            "create temporary table mine (id int)",
            "create schema mine",
            "create function mine() returns int language sql as 'select 1'",
            "alter table users add column mine int",
            "alter table erp.accounts disable row level security",
            "drop policy granted on erp.accounts",
            "create index on users (email)",
            "drop table sessions",
            "truncate overnight_job_runs",
            "select ensure_month('2031-01-01')",
            "update users set role = 'admin'",
            "update sessions set expires_at = 'infinity'",
            "update calculation_results set position = 0",
            "update current_results set run_id = gen_random_uuid()",
            "delete from calculation_events",
            "delete from feature_flag_changes",
            "insert into users select * from users",
            "insert into user_passwords select * from user_passwords",
            "insert into erp.accounts select * from erp.accounts",
            "update erp.accounts set name = ''",
            "update action_log set outcome = 'changed'",
            "delete from action_log",
            "truncate action_log",
            "alter table action_log disable trigger all",
            "update person_refs set user_id = user_id",
            "delete from person_refs",
            "update result_reads set read_at = now()",
            "delete from result_reads",
            "update nights set state = 'on-time'",
            "update schedule_pauses set reason = 'other'",
            "delete from schedule_pauses",
            "delete from notices",
            "delete from cache_presence",
            "update notice_deliveries set target = 'other'",
            "select * from schedule_marks",
            "update portfolios set contribution = 0",
            "select * from prices",
            "select * from pg_authid",
            "set role overnight",
            "set role overnight_sets",
            "alter role overnight_api superuser",
            "copy tenants to program 'true'"
        );
    }

    [Fact]
    public async Task Sets_AnythingNotGranted_IsRefused()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        Assert.Null(
            await RoleDatabase.TryAsync(
                database.Owner,
                """
                create table prices_of_mine (sku text); grant select on prices_of_mine to overnight_sets;
                grant select on all tables in schema public to overnight_sets
                """,
                Ct
            )
        );
        // By mistake secrets were among all tables; the next migrate takes them away again.
        await database.MigrateAsync(Ct);

        Assert.Null(await RoleDatabase.TryAsync(database.Sets, "select * from prices_of_mine", Ct));
        await AssertRefusedAsync(
            database.Sets,
            "select * from sessions",
            "select token_hash from sessions",
            "select * from user_passwords",
            "select * from erp.accounts",
            "insert into prices_of_mine values ('a')",
            "delete from prices_of_mine",
            "select * from prices_of_mine for update",
            "create table mine (id int)",
            "create temporary table mine (id int)",
            "create schema mine",
            "set role overnight",
            "set role overnight_api",
            "select set_config('role', 'overnight', false)",
            "set session authorization overnight"
        );
    }

    /// <summary>What is granted is granted by name: no rule gives away what is made later, nor does the next migrate.</summary>
    [Fact]
    public async Task Table_MadeLaterByTheOwner_IsReadByNeitherRole()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        Assert.Empty(await RoleDatabase.TextsAsync(database.Administrator, "select defaclacl::text from pg_default_acl", Ct));
        Assert.Null(
            await RoleDatabase.TryAsync(
                database.Owner,
                """
                create table later (id int);
                create table erp.later (tenant_id uuid);
                create table erp.of_no_tenant (id int);
                create view erp.of_all_tenants as select * from erp.accounts;
                create materialized view erp.copied as select * from erp.accounts;
                """,
                Ct
            )
        );
        string[] all = ["later", "erp.later", "erp.of_no_tenant", "erp.of_all_tenants", "erp.copied"];

        foreach (var role in (NpgsqlDataSource[])[database.Api, database.Sets])
            await AssertRefusedAsync(role, [.. all.Select(table => $"select * from {table}")]);
        await database.MigrateAsync(Ct);

        // A table of tenants is read by tenant from then on, and the others by nobody.
        Assert.Null(await RoleDatabase.TryAsync(database.Api, "select * from erp.later", Ct));
        foreach (var role in (NpgsqlDataSource[])[database.Api, database.Sets])
            await AssertRefusedAsync(role, [.. all.Where(table => table != "erp.later").Select(table => $"select * from {table}")]);
    }

    /// <summary>A function that runs with its owner's rights would read past both grants and policies.</summary>
    [Fact]
    public async Task Functions_OfOurs_RunWithTheRightsOfWhoCalls()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);

        var functions = await RoleDatabase.TextsAsync(
            database.Owner,
            """
            select oid::regprocedure::text || case when prosecdef then ' definer' else '' end from pg_proc
            where pronamespace in ('public'::regnamespace, 'erp'::regnamespace) order by 1
            """,
            Ct
        );

        Assert.Contains("erp.generation(uuid,text)", functions);
        Assert.DoesNotContain(functions, function => function.EndsWith(" definer", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Roles_OfOurs_AreNoSuperusers()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);

        foreach (var role in (NpgsqlDataSource[])[database.Owner, database.Api, database.Sets])
            Assert.Equal(
                ["False"],
                await RoleDatabase.TextsAsync(
                    role,
                    "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls from pg_roles where rolname = session_user",
                    Ct
                )
            );
    }

    [Fact]
    public async Task Tables_OfOurs_AreAllNamed()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);

        var tables = await RoleDatabase.TextsAsync(
            database.Owner,
            "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm') and not relispartition",
            Ct
        );

        Assert.Equal(tables.Order(StringComparer.Ordinal), RoleGrants.Tables.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Api_ReferenceData_IsOnlyThatOfTheTenantsThatAreSet()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        const long seed = 7;
        await new DemoTenantSeeder(database.Owner, TimeProvider.System).SeedAsync(2, seed, null, Ct);
        var (one, other) = (DemoIds.Tenant(seed, 1), DemoIds.Tenant(seed, 2));
        var tables = await RoleDatabase.TextsAsync(
            database.Owner,
            """
            select c.oid::regclass::text
            from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
            where c.relnamespace = 'erp'::regnamespace and c.relkind = 'r' and c.relname <> 'generations'
            """,
            Ct
        );
        Assert.InRange(tables.Length, 16, 100);

        foreach (var table in tables)
        {
            var all = await TenantsAsync(database.Owner, table, null);
            Assert.Equal([one, other], all.Keys);
            Assert.Empty(await TenantsAsync(database.Api, table, null));
            Assert.Empty(await TenantsAsync(database.Api, table, Guid.NewGuid()));
            Assert.Equal([KeyValuePair.Create(one, all[one])], await TenantsAsync(database.Api, table, one));
            Assert.Equal(all, await TenantsAsync(database.Api, table, one, other));
        }
        // A connection that comes back from its pool has none.
        Assert.Empty(await TenantsAsync(database.Api, tables[0], null));
        // Grants alone decide for other roles.
        Assert.Null(
            await RoleDatabase.TryAsync(
                database.Owner,
                "grant usage on schema erp to overnight_sets; grant select on erp.accounts to overnight_sets",
                Ct
            )
        );
        Assert.Equal([one, other], (await TenantsAsync(database.Sets, "erp.accounts", null)).Keys);
    }

    /// <summary>A table of reference data that somebody adds is no other tenant's either.</summary>
    [Fact]
    public async Task Api_TableAddedToReferenceData_IsApartByTenantAfterTheNextMigrate()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var tenant = Guid.NewGuid();
        Assert.Null(
            await RoleDatabase.TryAsync(
                database.Owner,
                $"create table erp.territories (tenant_id uuid, code text); insert into erp.territories values ('{tenant}', 'a'), (gen_random_uuid(), 'b')",
                Ct
            )
        );

        await database.MigrateAsync(Ct);

        Assert.Empty(await TenantsAsync(database.Api, "erp.territories", null));
        Assert.Equal([tenant], (await TenantsAsync(database.Api, "erp.territories", tenant)).Keys);
    }

    /// <returns>Rows that a role sees, by tenant.</returns>
    private static async Task<SortedDictionary<Guid, long>> TenantsAsync(NpgsqlDataSource role, string table, params Guid[]? tenants)
    {
        await using var connection = await role.OpenConnectionAsync(Ct);
        await using NpgsqlBatch batch = new(connection);
        if (tenants is not null)
            batch.BatchCommands.Add(TenantRowSecurity.Of(tenants));
        batch.BatchCommands.Add(new($"select tenant_id, count(*) from {table} group by 1"));
        await using var reader = await batch.ExecuteReaderAsync(Ct);
        if (tenants is not null)
            await reader.NextResultAsync(Ct);
        SortedDictionary<Guid, long> rows = [];
        while (await reader.ReadAsync(Ct))
            rows.Add(reader.GetGuid(0), reader.GetInt64(1));
        return rows;
    }

    private static async Task AssertRefusedAsync(NpgsqlDataSource role, params string[] statements)
    {
        foreach (var statement in statements)
        {
            var refusal = await RoleDatabase.TryAsync(role, statement, Ct);
            Assert.True(refusal == PostgresErrorCodes.InsufficientPrivilege, $"{statement}: {refusal ?? "done"}");
        }
    }
}
