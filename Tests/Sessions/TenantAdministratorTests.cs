using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Data.Migrations;
using Overnight.Core.Doctor;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Sessions;

/// <summary>An administrator acts for all tenants, and so belongs to none.</summary>
public sealed class TenantAdministratorTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Row_OfAnAdministratorOfATenant_IsRefused()
    {
        await using var database = NpgsqlDataSource.Create(await servers.CreateDatabaseAsync(Ct));
        var tenant = await TenantAsync(database);
        var (user, admin) = (await database.AddUserAsync(), await database.AddUserAsync("admin"));
        await database.ExecuteAsync("update users set tenant_id = $2 where id = $1", user, tenant);

        foreach (var (id, change) in ((Guid Id, string Change)[])[(user, "role = 'admin'"), (admin, $"tenant_id = '{tenant}'")])
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() =>
                database.ExecuteAsync($"update users set {change} where id = $1", id)
            );
            Assert.Equal(TenantlessAdministrators.Constraint, refused.ConstraintName);
        }
    }

    /// <summary>What is there already fails no migration; the demo administrator is mended, and others are named.</summary>
    [Fact]
    public async Task Migrate_OverAdministratorsOfATenant_MendsTheDemosAndNamesOthers()
    {
        var server = await servers.CreateDatabaseAsync(Ct);
        await using var database = NpgsqlDataSource.Create(server);
        var (user, tenant) = await AddAsync(database);
        await database.ExecuteAsync($"alter table users drop constraint {TenantlessAdministrators.Constraint}");
        await database.ExecuteAsync(
            "insert into users (id, email, display_name, role, base_currency, tenant_id) values ($1, 'admin@demo.example', 'Demo admin', 'admin', 'USD', $2)",
            Guid.CreateVersion7(),
            tenant
        );
        await database.ExecuteAsync("delete from \"__EFMigrationsHistory\" where migration_id like '%TenantlessAdministrators'");

        await using (var context = OvernightContext.Open(server))
            await context.Database.MigrateAsync(Ct);

        Assert.Equal(1, await database.ScalarAsync<long>("select count(*) from users where role = 'admin' and tenant_id is not null"));
        await using var connection = await database.OpenConnectionAsync(Ct);
        var finding = Assert.Single(await UnvalidatedConstraints.FindAsync(connection, 5, Ct));
        Assert.StartsWith($"A row of users violates {TenantlessAdministrators.Constraint} ", finding.What);
        Assert.Contains($"id {user}, tenant_id {tenant}, role admin", finding.What);
        Assert.EndsWith($"alter table users validate constraint {TenantlessAdministrators.Constraint}", finding.Advice);
    }

    /// <summary>Such an administrator can be banned like anybody, and does not come back.</summary>
    [Fact]
    public async Task Ban_OfAnAdministratorOfATenant_HoldsAndCanNotBeLifted()
    {
        await using ApiApp app = new(await servers.CreateDatabaseAsync(Ct), await servers.CacheConnectionStringAsync(Ct));
        var (_, token) = await app.Database.SignInAsync("admin");
        var (user, _) = await AddAsync(app.Database);

        using var banned = await app.PostAsync($"/api/admin/users/{user}/ban", token: token);
        using var lifted = await app.PostAsync($"/api/admin/users/{user}/unban", token: token);
        await app.Database.ExecuteAsync("update users set tenant_id = null where id = $1", user);
        using var mended = await app.PostAsync($"/api/admin/users/{user}/unban", token: token);

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Conflict, HttpStatusCode.NoContent),
            (banned.StatusCode, lifted.StatusCode, mended.StatusCode)
        );
    }

    /// <summary>As an earlier build let it come about.</summary>
    internal static async Task<(Guid User, Guid Tenant)> AddAsync(NpgsqlDataSource database)
    {
        var (user, tenant) = (await database.AddUserAsync("admin"), await TenantAsync(database));
        await database.ExecuteAsync(
            $"""
            alter table users drop constraint {TenantlessAdministrators.Constraint};
            update users set tenant_id = '{tenant}' where id = '{user}';
            alter table users add constraint {TenantlessAdministrators.Constraint}
                check (role <> 'admin' or tenant_id is null or banned_at is not null or deleted_at is not null) not valid
            """
        );
        return (user, tenant);
    }

    private static async Task<Guid> TenantAsync(NpgsqlDataSource database)
    {
        var tenant = Guid.CreateVersion7();
        await database.ExecuteAsync("insert into tenants (id, name) values ($1, $2)", tenant, $"Tenant {tenant:N}");
        return tenant;
    }
}
