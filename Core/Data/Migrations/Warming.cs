using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the progress of each warm set. Earlier builds created a role for own warm sets here as well, which
/// <c>Jobs/Migrations/ReaderRoleUpgrade.cs</c> replaces.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000400_Warming")]
public sealed class Warming : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(Progress);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop index overnight_job_runs_warms; drop table warm_progress");
    }

    private const string Progress = """
        create table warm_progress (
            set_name text primary key,
            run_id uuid not null,
            trigger text not null,
            marker text not null,
            reached text,
            warmed bigint not null default 0,
            failed bigint not null default 0,
            started_at timestamptz not null,
            updated_at timestamptz not null,
            completed_at timestamptz);
        comment on table warm_progress is
            'The latest warm of each set. One that is not completed broke, and is resumed behind reached; one whose marker is not that '
            'of the cache server was made for a server that has lost everything since.';
        comment on column warm_progress.run_id is
            'The row of overnight_job_runs, job_type cache-warm, of the latest try. No foreign key, for that row may be dropped by '
            'retention.';

        create index overnight_job_runs_warms on overnight_job_runs (id) where job_type = 'cache-warm';
        """;
}
