using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Lets an erasure be sealed together with the removal of its results, before the cache has forgotten the user, and keeps its leaves when
/// retention drops their runs, so that its root can always be computed.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002700_SealedErasures")]
public sealed class SealedErasures : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table erasures drop constraint erasures_check1, add constraint erasures_sealed check (completed_at is null or seal is not null);
            comment on column erasures.seal is
                'Number in the chain, from the transaction on that removes the results; null before it.';
            alter table erased_leaves drop constraint erased_leaves_run_id_fkey;
            comment on column erased_leaves.run_id is
                'No foreign key to runs, on purpose: the root of the erasure''s seal is over all its leaves, and outlives retention.';
            comment on table kept_history is
                'One row: the first business date that retention has kept so far. Months before it are dropped, or about to be, and no run is '
                'started for them. The chain has a seal of it, by which verification goes; it names a row that says something else.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            delete from erased_leaves l where not exists (select from overnight_job_runs r where r.id = l.run_id);
            alter table erased_leaves add foreign key (run_id) references overnight_job_runs on delete cascade;
            alter table erasures drop constraint erasures_sealed,
                add constraint erasures_check1 check ((completed_at is null) = (seal is null)) not valid;
            """
        );
    }
}
