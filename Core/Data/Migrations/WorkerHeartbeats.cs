using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the heartbeats of worker processes, which show whether any process does the work.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129000200_WorkerHeartbeats")]
public sealed class WorkerHeartbeats : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table worker_heartbeats (
                id uuid primary key,
                host text not null check (length(host) between 1 and 255),
                process_id integer not null,
                started_at timestamptz not null,
                seen_at timestamptz not null);
            comment on table worker_heartbeats is
                'Processes of jobs, each of which renews seen_at every 15 seconds while it runs. To be shown only: no work depends on it, '
                'and what a silent process was at is free by the end of its transaction.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table worker_heartbeats");
    }
}
