using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// An administrator acts for all tenants, and so belongs to none. Whoever was both before stays so until a person decides, and with that
/// row the constraint stays unvalidated: the command doctor names it. The demo administrator, whom earlier builds gave a tenant, is
/// mended.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129000100_TenantlessAdministrators")]
public sealed class TenantlessAdministrators : Migration
{
    /// <summary>Who is banned or deleted administers nothing, and an administrator of a tenant must not escape a ban.</summary>
    public const string Constraint = "users_administrator_of_no_tenant";

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            $"""
            update users set tenant_id = null where email = 'admin@demo.example' and role = 'admin' and tenant_id is not null;
            alter table users add constraint {Constraint}
                check (role <> 'admin' or tenant_id is null or banned_at is not null or deleted_at is not null) not valid;
            do $$ begin
                alter table users validate constraint {Constraint};
            exception when check_violation then
                raise notice 'Rows of users violate {Constraint}; the command doctor names them.';
            end $$;
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql($"alter table users drop constraint {Constraint}");
    }
}
