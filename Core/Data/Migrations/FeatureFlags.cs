using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds feature flags per environment, and the history of their changes.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000500_FeatureFlags")]
public sealed class FeatureFlags : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table feature_flags (
                environment text not null check (environment ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
                key text collate "C" not null check (key ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
                enabled boolean not null default false,
                value json,
                description text not null default '' check (length(description) <= 500),
                version bigint not null default 1 check (version >= 1),
                updated_at timestamptz not null default now(),
                updated_by uuid,
                last_accessed_at timestamptz,
                access_count bigint not null default 0 check (access_count >= 0),
                primary key (environment, key)) with (fillfactor = 70);
            comment on table feature_flags is
                'Read through the cache (feature_flags:{environment}:{key}). Changed by PATCH /api/admin/flags/{key}; a change by SQL is '
                'seen when the entry expires, after 300 s at most.';
            comment on column feature_flags.version is
                'Raised by each change, and compared by whoever changes a flag that somebody else may have changed.';
            comment on column feature_flags.updated_by is 'The user who changed it last; null for the admin key, a seed, or SQL.';
            comment on column feature_flags.access_count is
                'Counted in the memory of api nodes and added in batches, so it is late by Flags:FlushInterval; a node that is killed '
                'loses what it had not added.';

            create table feature_flag_changes (
                environment text not null,
                key text collate "C" not null,
                version bigint not null,
                changed_at timestamptz not null,
                changed_by uuid,
                before json not null,
                after json not null,
                primary key (environment, key, version));
            comment on table feature_flag_changes is
                'Who changed what: enabled, value and description before and after, by the version the change made. No foreign keys, on '
                'purpose: it outlives flags and users.';
            comment on column feature_flag_changes.changed_by is 'The user; null for the admin key.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table feature_flag_changes; drop table feature_flags");
    }
}
