using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds a number that the database gives each run when it is inserted. Ids contain the time of the host that starts a run, and the clocks
/// of two hosts differ, so only the number orders runs.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261128000200_RunNumbers")]
public sealed class RunNumbers : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // Existing runs are numbered by their ids, the order in which their results became current.
        migrationBuilder.Sql(
            """
            alter table overnight_job_runs add column number bigint;
            update overnight_job_runs r set number = n.number
            from (select id, row_number() over (order by id) as number from overnight_job_runs) n where n.id = r.id;
            alter table overnight_job_runs alter column number set not null, alter column number add generated always as identity;
            select setval(pg_get_serial_sequence('overnight_job_runs', 'number'), coalesce(max(number), 0) + 1, false)
                from overnight_job_runs;
            create unique index overnight_job_runs_number on overnight_job_runs (number);
            comment on column overnight_job_runs.number is
                'Grows with each run that is inserted, whatever clock made its id; of one business date the run with the greatest number '
                'is in force.';

            drop index overnight_job_runs_nights, overnight_job_runs_warms, overnight_job_runs_newest, overnight_job_runs_unfinished,
                overnight_job_runs_day, overnight_job_runs_market, overnight_job_runs_status;
            create index overnight_job_runs_unfinished on overnight_job_runs (number) where completed_at is null;
            create index overnight_job_runs_day on overnight_job_runs (business_date, number desc);
            create index overnight_job_runs_market on overnight_job_runs (market, number desc);
            create index overnight_job_runs_status on overnight_job_runs (status, number desc);
            create index overnight_job_runs_nights on overnight_job_runs (business_date desc, number desc) where job_type = 'scoring';
            comment on index overnight_job_runs_nights is
                'The nights of a period, newest first: the way into events by (business date, run).';
            create index overnight_job_runs_warms on overnight_job_runs (number) where job_type = 'cache-warm';
            comment on table current_results is
                'The result in force per user: the latest (business date, number of the run). Every cache write, warm or repair takes '
                'this one, under a share lock, so that an older result is never written after a newer one.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table overnight_job_runs drop column number;
            create index overnight_job_runs_newest on overnight_job_runs (started_at desc, id desc);
            create index overnight_job_runs_unfinished on overnight_job_runs (started_at) where completed_at is null;
            create index overnight_job_runs_day on overnight_job_runs (business_date, started_at desc, id desc);
            create index overnight_job_runs_market on overnight_job_runs (market, started_at desc, id desc);
            create index overnight_job_runs_status on overnight_job_runs (status, started_at desc, id desc);
            create index overnight_job_runs_nights on overnight_job_runs (business_date desc, id desc) where job_type = 'scoring';
            create index overnight_job_runs_warms on overnight_job_runs (id) where job_type = 'cache-warm';
            """
        );
    }
}
