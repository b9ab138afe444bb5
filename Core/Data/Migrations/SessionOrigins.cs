using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds where a session was made, for its user. Earlier sessions have none.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129001200_SessionOrigins")]
public sealed class SessionOrigins : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table sessions add column address text check (length(address) between 2 and 45),
                add column user_agent text check (length(user_agent) between 1 and 200);
            comment on column sessions.address is 'Of the client that signed in, behind the configured proxies; null where it is not known.';
            comment on column sessions.user_agent is 'The first 200 characters of what the client called itself.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("alter table sessions drop column address, drop column user_agent");
    }
}
