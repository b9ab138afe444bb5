using Microsoft.EntityFrameworkCore;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Jobs.Commands;
using Overnight.Jobs.Migrations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Roles;

/// <summary>How the three roles come about: on a new server, over an earlier build's database, by many at once.</summary>
public sealed class RoleMigrationTests(TestServers servers)
{
    // All that a migrate may change of rights, and nothing that goes on by itself.
    private const string Rights = """
        select format('%s %s %s %s', relnamespace::regnamespace, relname, relowner::regrole, relacl) from pg_class
        where relnamespace::regnamespace::text in ('public', 'erp')
        union all select format('%s.%s %s', attrelid::regclass, attname, attacl) from pg_attribute where attacl is not null
        union all select format('%s %s %s', oid::regprocedure, proowner::regrole, proacl) from pg_proc
        where pronamespace::regnamespace::text in ('public', 'erp')
        union all select format('%s %s %s', nspname, nspowner::regrole, nspacl) from pg_namespace
        union all select format('%s %s %s', datname, datdba::regrole, datacl) from pg_database where datname = current_database()
        union all select format('%s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) from pg_policy
        union all select format('default %s %s', defaclrole::regrole, defaclacl) from pg_default_acl
        union all select format('%s %s', rolname, rolpassword) from pg_authid where rolname like 'overnight%'
        union all select format('%s in %s', member::regrole, roleid::regrole) from pg_auth_members where roleid::regrole::text like 'overnight%'
        order by 1
        """;

    private const string NotOwners = """
        select format('%s %s', relkind, oid::regclass) from pg_class
        where relnamespace::regnamespace::text !~ '^(pg_|information_schema)' and relowner <> 'overnight'::regrole
        union all select oid::regprocedure::text from pg_proc
        where pronamespace::regnamespace::text !~ '^(pg_|information_schema)' and proowner <> 'overnight'::regrole
        union all select oid::regtype::text from pg_type
        where typnamespace::regnamespace::text !~ '^(pg_|information_schema)' and typowner <> 'overnight'::regrole
        union all select nspname from pg_namespace
        where nspname !~ '^(pg_|information_schema)' and nspowner not in ('overnight'::regrole, 'pg_database_owner'::regrole)
        union all select datname from pg_database where datname = current_database() and datdba <> 'overnight'::regrole
        """;

    // As migrations Warming, ReferenceData and SignIn made it. In one transaction: a migration of another database drops a role that
    // may do nothing.
    private const string ReaderRoleUpgrade = """
        create role overnight_reader nologin;
        grant overnight_reader to current_user;
        grant usage on schema public, erp to overnight_reader;
        grant select on all tables in schema public to overnight_reader;
        grant select on all tables in schema erp to overnight_reader;
        revoke select on sessions, user_passwords from overnight_reader;
        alter default privileges in schema public grant select on tables to overnight_reader;
        alter default privileges in schema erp grant select on tables to overnight_reader;
        """;

    // A table that the default privileges covered, and others that were granted by hand.
    private const string OwnTables = """
        create table shop_prices (sku text, price numeric);
        insert into shop_prices values ('a', 1);
        create table shop_secrets (id serial, secret text);
        revoke all on shop_secrets from overnight_reader;
        create schema shop;
        create type shop.colour as enum ('red');
        create table shop.stock (sku text, pieces int, cost numeric, colour shop.colour);
        create view shop.known as select sku from shop.stock;
        grant usage on schema shop to overnight_reader;
        grant select (sku, pieces) on shop.stock to overnight_reader;
        create function shop.twice(n int) returns int language sql as 'select 2 * n';
        create function shop.as_administrator() returns int language sql security definer as 'select 1';
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrate_DatabaseFromNothing_IsTheOwnersAndASecondTimeChangesNothing()
    {
        await using var database = RoleDatabase.At(
            new NpgsqlConnectionStringBuilder(await servers.CreateEmptyDatabaseAsync(Ct))
            {
                Database = $"roles \"{Guid.NewGuid():N}\"",
            }.ConnectionString
        );

        var made = await database.MigrateAsync(Ct);
        Assert.Equal((true, 0), (made.Created, made.Roles!.HandedOver));
        Assert.Empty(await RoleDatabase.TextsAsync(database.Administrator, NotOwners, Ct));
        var before = await RoleDatabase.TextsAsync(database.Administrator, Rights, Ct);
        var again = await database.MigrateAsync(Ct);

        Assert.Equal((false, 0, 0), (again.Created, again.Applied.Count, again.Roles!.HandedOver));
        Assert.Equal(before, await RoleDatabase.TextsAsync(database.Administrator, Rights, Ct));
        Assert.Null(await RoleDatabase.TryAsync(database.Owner, "create schema mine", Ct));
    }

    [Fact]
    public async Task Migrate_DatabaseOfAnEarlierBuild_IsTakenOver()
    {
        await using var database = await RoleDatabase.CreateEmptyAsync(servers, Ct);
        await using (
            OvernightContext earlier = new(new DbContextOptionsBuilder<OvernightContext>().UseNpgsql(database.Administrator).Options)
        )
            await earlier.Database.MigrateAsync(Ct);
        await using (var connection = await database.Administrator.OpenConnectionAsync(Ct))
        {
            await using var transaction = await connection.BeginTransactionAsync(Ct);
            await connection.ExecuteAsync($"select ensure_month('2026-11-01'); {ReaderRoleUpgrade} {OwnTables}", Ct);
            await transaction.CommitAsync(Ct);
        }

        var outcome = await database.MigrateAsync(Ct);
        var again = await database.MigrateAsync(Ct);

        Assert.Equal(["shop.as_administrator()"], await RoleDatabase.TextsAsync(database.Administrator, NotOwners, Ct));
        Assert.InRange(outcome.Roles!.HandedOver, 50, 200);
        Assert.Equal(
            [
                "grant select (pieces) on shop.stock to overnight_sets",
                "grant select (sku) on shop.stock to overnight_sets",
                "grant select on shop_prices to overnight_sets",
                "grant usage on schema shop to overnight_sets",
            ],
            outcome.Roles.CarriedOver
        );
        Assert.Equal("The role overnight_reader of earlier builds is dropped.", outcome.Roles.ReaderRoleUpgrade);
        Assert.Equal((0, 0, null), (again.Roles!.HandedOver, again.Roles.CarriedOver.Count, again.Roles.ReaderRoleUpgrade));
        Assert.Equal(["a"], await RoleDatabase.TextsAsync(database.Sets, "select sku from shop_prices", Ct));
        Assert.Null(await RoleDatabase.TryAsync(database.Sets, "select sku, pieces from shop.stock", Ct));
        foreach (var kept in (string[])["shop.stock", "shop_secrets", "users", "sessions", "user_passwords", "erp.accounts"])
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RoleDatabase.TryAsync(database.Sets, $"select * from {kept}", Ct));
        // Neither does a table that is made from now on fall to anyone by itself, nor a partition.
        Assert.Null(await RoleDatabase.TryAsync(database.Owner, "select ensure_month('2027-05-01'); create table later (id int)", Ct));
        Assert.Null(await RoleDatabase.TryAsync(database.Api, "select * from calculation_results where business_date = '2027-05-03'", Ct));
        foreach (var role in (NpgsqlDataSource[])[database.Api, database.Sets])
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RoleDatabase.TryAsync(role, "select * from later", Ct));
    }

    [Fact]
    public async Task Migrate_NewServerByManyAtOnceAndAnotherPassword_IsDoneByEach()
    {
        var server = (await servers.StartPostgresAsync(Ct)).ConnectionString("postgres");
        string[] names = ["one", "one", "two", "three"];

        var outcomes = await Task.WhenAll(names.Select(name => TestRoles.MigrateAsync(TestRoles.Configuration(server, name), Ct)));

        Assert.Equal(3, outcomes.Count(outcome => outcome.Created));
        Assert.Equal(3, outcomes.Count(outcome => outcome.Applied.Count > 0));
        await using var database = RoleDatabase.At(new NpgsqlConnectionStringBuilder(server) { Database = "one" }.ConnectionString);
        Assert.Null(await RoleDatabase.TryAsync(database.Api, "select count(*) from tenants", Ct));
        NpgsqlConnectionStringBuilder api = new(database.Api.ConnectionString) { Password = "another's 'pass\\word'", Pooling = false };
        var stored = await VerifierAsync();
        await TestRoles.MigrateAsync(TestRoles.Configuration(server, "one", (DatabaseConnection.Api, api.ConnectionString)), Ct);

        Assert.Matches("^SCRAM-SHA-256\\$4096:", stored);
        Assert.NotEqual(stored, await VerifierAsync());
        await using var changed = NpgsqlDataSource.Create(api.ConnectionString);
        Assert.Null(await RoleDatabase.TryAsync(changed, "select count(*) from tenants", Ct));

        async Task<string> VerifierAsync() =>
            Assert.Single(
                await RoleDatabase.TextsAsync(
                    database.Administrator,
                    "select rolpassword from pg_authid where rolname = 'overnight_api'",
                    Ct
                )
            );
    }

    [Fact]
    public async Task Migrate_RolesMadeByHand_AreGrantedWithoutTheServersString()
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        Assert.Null(
            await RoleDatabase.TryAsync(
                database.Owner,
                "revoke all on tenants from overnight_api; grant select on all tables in schema public to overnight_sets",
                Ct
            )
        );

        var outcome = await TestRoles.MigrateAsync(
            TestRoles.Configuration(database.Server, Name(database), (DatabaseConnection.Server, null)),
            Ct
        );

        Assert.Null(outcome.Roles);
        Assert.Null(await RoleDatabase.TryAsync(database.Api, "select count(*) from tenants", Ct));
        foreach (var secret in (string[])["sessions", "user_passwords"])
            Assert.Equal(
                PostgresErrorCodes.InsufficientPrivilege,
                await RoleDatabase.TryAsync(database.Sets, $"select * from {secret}", Ct)
            );
    }

    [Theory]
    [InlineData("overnight_api", "createrole", "may create roles")]
    [InlineData("overnight_api", "bypassrls", "may bypass row-level security")]
    [InlineData("overnight_sets", "superuser", "is a superuser")]
    [InlineData("overnight_sets", "in role overnight", "is a member of overnight")]
    [InlineData("overnight", "superuser", "is a superuser")]
    public async Task Migrate_RoleThatMayDoMore_IsRefusedAndKeepsItsPassword(string key, string more, string words)
    {
        await using var database = await RoleDatabase.CreateAsync(servers, Ct);
        var role = $"more_{Guid.NewGuid():N}";
        Assert.Null(await RoleDatabase.TryAsync(database.Administrator, $"create role {role} {more}", Ct));

        var refused = await Assert.ThrowsAsync<CommandException>(() =>
            TestRoles.MigrateAsync(
                TestRoles.Configuration(database.Server, Name(database), (key, $"Host=there;Username={role};Password=secret-of-mine")),
                Ct
            )
        );

        Assert.True(
            refused.Message.StartsWith($"ConnectionStrings:{key} names the role \"{role}\", which {words}.", StringComparison.Ordinal),
            refused.Message
        );
        Assert.Equal(
            [""],
            await RoleDatabase.TextsAsync(database.Administrator, $"select rolpassword from pg_authid where rolname = '{role}'", Ct)
        );
    }

    [Fact]
    public async Task Migrate_ServersStringWrong_SaysWhichToCorrect()
    {
        await using var database = await RoleDatabase.CreateEmptyAsync(servers, Ct);
        NpgsqlConnectionStringBuilder wrong = new(database.Server) { Username = "nobody", Password = "secret-of-mine" };

        var refused = await Assert.ThrowsAsync<CommandException>(() =>
            TestRoles.MigrateAsync(TestRoles.Configuration(wrong.ConnectionString, Name(database)), Ct)
        );

        Assert.Contains("refused to let user \"nobody\"", refused.Message);
        Assert.EndsWith("Correct Username and Password in ConnectionStrings:postgres.", refused.Message);
        Assert.DoesNotContain("secret-of-mine", refused.ToString());
    }

    private static string Name(RoleDatabase database) => new NpgsqlConnectionStringBuilder(database.Server).Database!;
}
