using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Finds the scheduled warms of a run.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261130000100_WarmDeadlineRuns")]
public sealed class WarmDeadlineRuns : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("create index warm_deadlines_run on warm_deadlines (run_id)");
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop index warm_deadlines_run");
    }
}
