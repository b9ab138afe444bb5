using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the random key that signs cached sessions where the configuration gives none. It is never in the cache.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129000100_SessionSigningKey")]
public sealed class SessionSigningKey : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // Two random UUIDs have 244 bits from the server's cryptographically strong random source.
        migrationBuilder.Sql(
            """
            create table session_signing_key (
                id boolean primary key default true check (id),
                key bytea not null check (octet_length(key) >= 32));
            comment on table session_signing_key is
                'The key that cached sessions are signed with (HMAC-SHA256) where Sessions:SigningKeys is not set.';
            insert into session_signing_key (key) select sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table session_signing_key");
    }
}
