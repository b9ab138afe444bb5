using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the time since which a warm set has made no progress, from which the pause between its tries grows.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261128000500_WarmBackOff")]
public sealed class WarmBackOff : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table warm_progress add column stuck_since timestamptz;
            comment on column warm_progress.stuck_since is
                'The first try that broke where the latest one did; null when the latest did not break.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("alter table warm_progress drop column stuck_since");
    }
}
