using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the first business date that retention keeps, so that verification can tell dropped rows from missing ones.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002500_KeptHistory")]
public sealed class KeptHistory : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table kept_history (
                id boolean primary key default true check (id),
                kept_from date);
            insert into kept_history (kept_from) select case when exists
                    (select from seals s where not exists (select from overnight_job_runs r where r.id = s.run_id))
                then (select date_trunc('month', min(r.business_date))::date from seals s join overnight_job_runs r on r.id = s.run_id) end;
            comment on table kept_history is
                'One row: the first business date that retention has kept so far. Months before it are dropped, or about to be; no run is '
                'started for them, and of their seals the chain alone is checked.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table kept_history");
    }
}
