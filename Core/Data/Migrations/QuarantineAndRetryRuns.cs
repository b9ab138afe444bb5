using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds repeated failures of users, runs that retry the failed users of another, and the progress of a run.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000300_FailureHandling")]
public sealed class QuarantineAndRetryRuns : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table overnight_job_runs
                add column retry_of uuid references overnight_job_runs,
                add column progress_at timestamptz,
                drop constraint overnight_job_runs_trigger_check,
                add constraint overnight_job_runs_trigger_check check (trigger in ('schedule', 'catch-up', 'first-start', 'manual', 'retry',
                    'api', 'deployment', 'cold-start', 'pipeline-end'));
            comment on column overnight_job_runs.retry_of is
                'The run whose failed users this one computes again; null for a run of everybody.';
            comment on column overnight_job_runs.progress_at is
                'When users_processed and users_failed were last brought up to date while the run is under way: twice a second at most.';

            alter table run_failures add column quarantined boolean not null default false;
            comment on column run_failures.quarantined is
                'The user was not computed: it had failed twice in a row for this reason, and its inputs are still the same.';

            create table failing_users (
                user_id uuid not null references users on delete cascade,
                market text not null references markets,
                stage text not null,
                reason text not null,
                detail text,
                inputs text not null,
                failures integer not null default 1 check (failures > 0),
                run_id uuid not null,
                since timestamptz not null,
                quarantined_at timestamptz,
                primary key (user_id, market));
            create index failing_users_quarantined on failing_users (quarantined_at) where quarantined_at is not null;
            comment on table failing_users is
                'Users whose latest night of a market failed. Two failures in a row for one reason on the same inputs quarantine a user: '
                'it is recorded as failed without being computed until its inputs change.';
            comment on column failing_users.inputs is
                'Digest of the user''s own inputs; for reasons that lie in the market, then a colon and the digest of the market '
                'snapshot.';

            create function user_inputs(owner uuid) returns text language sql stable as $$
                select md5(row(u.base_currency, p.contribution, p.criteria_version)::text
                    || coalesce((select string_agg(row(h.asset_id, h.class_id, h.quantity)::text, '' order by h.asset_id) from holdings h
                        where h.user_id = owner and not h.ignored), '')
                    || coalesce((select string_agg(row(c.id, c.name, c.target_min, c.target_max, c.min_amount)::text, '' order by c.id)
                        from asset_classes c where c.user_id = owner), ''))
                from users u left join portfolios p on p.user_id = u.id where u.id = owner
            $$;
            comment on function user_inputs is 'A digest of what a user''s calculation is made from, without the market.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        throw new NotSupportedException("Restore a backup to go back before this migration.");
    }
}
