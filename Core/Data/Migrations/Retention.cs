using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds partitions that are created and dropped outside a run, and the indexes of audit queries. Events, results and postings get no
/// further index, because each would slow every run: audit queries find days and runs in the small tables first, and then use the primary
/// keys (business date, run, user, type), (user, business date, run) and (asset, business date, run, batch).
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000200_Retention")]
public sealed class Retention : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(Months);
        migrationBuilder.Sql(Indexes);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            "drop index overnight_job_runs_nights, overnight_job_runs_day, overnight_job_runs_market, overnight_job_runs_status; drop function partitioned_by_month()"
        );
    }

    // "create table .. partition of" locks the parent against readers and writers, so it would wait for a run under way and block others.
    // Attaching a table that was created alone only excludes other schema changes.
    private const string Months = """
        create function partitioned_by_month() returns setof text language sql stable as $$
            select c.relname::text from pg_class c
            where c.relkind = 'p' and c.relnamespace = current_schema()::regnamespace and pg_get_partkeydef(c.oid) = 'RANGE (business_date)'
            order by 1
        $$;
        comment on function partitioned_by_month is
            'The tables with a partition per month of business date; what retention makes ahead and drops.';

        create or replace function ensure_month(day date) returns void language plpgsql as $$
        declare first_day date := date_trunc('month', day)::date;
            next_month date := (first_day + interval '1 month')::date; parent text; child text;
        begin
            -- One at a time, or two replicas that plan at once would both create it.
            perform pg_advisory_xact_lock(hashtext('overnight.ensure_month'));
            for parent in select partitioned_by_month() loop
                child := parent || to_char(first_day, '"_y"YYYY"m"MM');
                if to_regclass(child) is null then
                    -- A compressed result of 2 to 4 KB stays in its row: a row of the side table and its index entry cost more.
                    execute format('create table %I (like %I including defaults including constraints including storage including compression) with (toast_tuple_target = 4080)', child, parent);
                    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, first_day, next_month);
                end if;
            end loop;
        end $$;
        """;

    private const string Indexes = """
        create index overnight_job_runs_nights on overnight_job_runs (business_date desc, id desc) where job_type = 'scoring';
        comment on index overnight_job_runs_nights is 'The nights of a period, newest first: the way into events by (business date, run).';
        create index overnight_job_runs_day on overnight_job_runs (business_date, started_at desc, id desc);
        create index overnight_job_runs_market on overnight_job_runs (market, started_at desc, id desc);
        create index overnight_job_runs_status on overnight_job_runs (status, started_at desc, id desc);
        """;
}
