using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds erasures of users, and the leaves of the hash trees that stay when what they were hashed from is erased.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002600_Erasures")]
public sealed class ErasureTables : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table erasures (
                id uuid primary key,
                user_id uuid unique,
                session_hashes text[] not null default '{}',
                requested_at timestamptz not null,
                removed jsonb not null default '{}',
                completed_at timestamptz,
                seal bigint unique,
                check ((completed_at is null) = (user_id is not null)),
                check ((completed_at is null) = (seal is null)),
                check (completed_at is null or session_hashes = '{}'));
            comment on table erasures is
                'Users who were erased: when, and how much of what was removed. user_id and session_hashes say what is left to do, and are '
                'emptied at the end, so that a finished erasure names nobody.';

            create table erased_leaves (
                run_id uuid not null references overnight_job_runs on delete cascade,
                batch integer not null,
                leaf integer not null check (leaf >= 0),
                hash bytea check (octet_length(hash) = 32),
                computed boolean not null,
                erasure_id uuid not null references erasures,
                primary key (run_id, batch, leaf));
            create index erased_leaves_erasure on erased_leaves (erasure_id);
            comment on table erased_leaves is
                'The calculations that an erasure removed, by their places in the leaves of their batches; hash is null in a batch from '
                'before the chain. computed: it had a result, and was not a failed one.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table erased_leaves; drop table erasures");
    }
}
