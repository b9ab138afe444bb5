using System.Diagnostics;
using System.Net;
using Npgsql;
using Overnight.Jobs.Demo;
using Overnight.LocalServers;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Roles;

/// <summary>docs/operate.md, Backup and restore: its commands, from one server to another.</summary>
public sealed class BackupTests(TestServers servers)
{
    // Every row of every table, in a figure each; a partitioned table with its partitions.
    private const string Digests = """
        select format('%s %s', c.oid::regclass, (xpath('/row/d/text()', query_to_xml(format(
            'select count(*) || '' '' || coalesce(md5(string_agg(t::text, '''' order by t::text)), '''') as d from %s t', c.oid::regclass),
            false, true, '')))[1])
        from pg_class c where c.relnamespace in ('public'::regnamespace, 'erp'::regnamespace) and c.relkind in ('r', 'p') order by 1
        """;

    private const string Rights = """
        select format('%s %s %s', oid::regclass, relowner::regrole, relacl) from pg_class where relnamespace in ('public'::regnamespace, 'erp'::regnamespace)
        union all select format('%s %s %s %s', polrelid::regclass, polname, polpermissive, polroles::regrole[]) from pg_policy
        union all select format('%s %s', oid::regprocedure, proacl) from pg_proc where pronamespace in ('public'::regnamespace, 'erp'::regnamespace)
        union all select format('%s %s %s', conrelid::regclass, conname, convalidated) from pg_constraint
            where connamespace in ('public'::regnamespace, 'erp'::regnamespace)
        union all select format('%s %s', datname = current_database(), datdba::regrole) from pg_database where datname = current_database()
        order by 1
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Backup_RestoredOnAnotherServer_IsTheSameForEveryRole()
    {
        await using var source = await RoleDatabase.CreateAsync(servers, Ct);
        await new DemoTenantSeeder(source.Owner, TimeProvider.System).SeedAsync(1, 7, null, Ct);
        var (user, token) = await source.Owner.SignInAsync();
        await source.Owner.AddResultAsync(user, TestResults.Entry(user));
        Assert.Null(
            await RoleDatabase.TryAsync(
                source.Owner,
                "create table prices_of_mine (sku text); insert into prices_of_mine values ('a'); grant select on prices_of_mine to overnight_sets",
                Ct
            )
        );
        var file = Path.Combine(await servers.CreateFolderAsync(), "overnight.dump");

        await RunAsync(source.Owner, source.Configuration["ConnectionStrings:overnight"]!, "pg_dump", "--format=custom", $"--file={file}");
        var server = (await servers.StartPostgresAsync(Ct)).ConnectionString("postgres");
        await TestRoles.AsAdministratorAsync(
            server,
            "create role overnight login; create role overnight_api; create role overnight_sets",
            Ct
        );
        await TestRoles.AsAdministratorAsync(server, "grant overnight_api, overnight_sets to overnight", Ct);
        await TestRoles.AsAdministratorAsync(server, "create database overnight owner overnight", Ct);
        await using var target = RoleDatabase.At(new NpgsqlConnectionStringBuilder(server) { Database = "overnight" }.ConnectionString);
        await TestRoles.AsAdministratorAsync(
            server,
            $"alter role overnight password '{new NpgsqlConnectionStringBuilder(target.Configuration["ConnectionStrings:overnight"]).Password}'",
            Ct
        );
        await RunAsync(target.Owner, target.Configuration["ConnectionStrings:overnight"]!, "pg_restore", "--exit-on-error", file);
        var migrated = await target.MigrateAsync(Ct);

        Assert.Empty(migrated.Applied);
        foreach (var question in (string[])[Digests, Rights])
            Assert.Equal(
                await RoleDatabase.TextsAsync(source.Owner, question, Ct),
                await RoleDatabase.TextsAsync(target.Owner, question, Ct)
            );
        Assert.Empty(await RoleDatabase.TextsAsync(target.Api, "select code from erp.accounts", Ct));
        Assert.Equal(["a"], await RoleDatabase.TextsAsync(target.Sets, "select sku from prices_of_mine", Ct));
        Assert.Equal(
            PostgresErrorCodes.InsufficientPrivilege,
            await RoleDatabase.TryAsync(target.Sets, "select * from user_passwords", Ct)
        );
        await using ApiApp app = new(target.Configuration["ConnectionStrings:overnight"]!, await servers.CacheConnectionStringAsync(Ct));
        Assert.Equal(HttpStatusCode.OK, await app.StatusAsync(token));
    }

    private static async Task RunAsync(NpgsqlDataSource database, string connectionString, string program, params string[] arguments)
    {
        if (ExternalProgram.Find(program) is not { } path)
        {
            Assert.Skip($"{program} is not installed.");
            return;
        }
        NpgsqlConnectionStringBuilder text = new(connectionString);
        ProcessStartInfo start = new(path, [$"--dbname={text.Database}", .. arguments])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["PGHOST"] = text.Host;
        start.Environment["PGPORT"] = $"{text.Port}";
        start.Environment["PGUSER"] = text.Username;
        start.Environment["PGPASSWORD"] = text.Password;
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        if (error.Contains("server version mismatch", StringComparison.Ordinal))
            Assert.Skip($"{program} is older than the server.");
        Assert.True(process.ExitCode == 0, $"{program} of {database.ConnectionString}: {error}");
    }
}
