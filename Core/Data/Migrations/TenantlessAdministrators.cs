using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the constraint that an administrator, who acts for all tenants, belongs to none. Existing rows that violate it stay until a person
/// corrects them; until then the constraint is not validated, and the command doctor names the rows. The demo administrator, to whom
/// earlier builds gave a tenant, is corrected here.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129000100_TenantlessAdministrators")]
public sealed class TenantlessAdministrators : Migration
{
    /// <summary>Banned and deleted users are exempt, because the constraint would otherwise refuse to ban an existing violator.</summary>
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
