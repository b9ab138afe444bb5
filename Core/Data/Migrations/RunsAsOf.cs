using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds to runs of past business dates the moment as of which they compute.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002500_RunsAsOf")]
public sealed class RunsAsOf : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table overnight_job_runs add as_of timestamptz;
            comment on column overnight_job_runs.as_of is
                'Of a run of a business date whose market had opened when it was started: when the night of that date was due. Such a run '
                'uses the snapshot and the portfolios of that night where they are stored, and sends no notices of its own.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("alter table overnight_job_runs drop column as_of");
    }
}
