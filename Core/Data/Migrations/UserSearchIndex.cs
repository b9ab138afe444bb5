using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the index by which administrators find users by the beginning of their e-mail address.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002200_UserSearchIndex")]
public sealed class UserSearchIndex : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // In the order of bytes, since the order of a language does not keep equal beginnings together.
        migrationBuilder.Sql("""create index users_search on users (email collate "C") where deleted_at is null""");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop index users_search");
    }
}
