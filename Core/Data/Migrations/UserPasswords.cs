using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds passwords in a table of their own, because roles that may read users, as for own warm sets, may not read these.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000700_SignIn")]
public sealed class UserPasswords : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table user_passwords (
                user_id uuid primary key references users on delete cascade,
                password_hash text not null check (length(password_hash) between 40 and 1000 and password_hash ~ '^[A-Za-z0-9+/]+={0,2}$'),
                changed_at timestamptz not null);
            comment on table user_passwords is
                'Who can sign in with e-mail and password; a user without a row can''t. password_hash is PBKDF2 with a salt and a count '
                'of iterations of its own, as base64.';

            do $$ begin
                if exists (select from pg_roles where rolname = 'overnight_reader') then
                    revoke all on user_passwords from overnight_reader;
                end if;
            end $$;
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table user_passwords");
    }
}
