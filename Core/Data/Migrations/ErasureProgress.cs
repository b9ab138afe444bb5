using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds how far an erasure is, the hash that recognises its user in a restored backup, and whether there is a cache.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002700_ErasureProgress")]
public sealed class ErasureProgress : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table erasures
                add column user_hash bytea check (octet_length(user_hash) = 32),
                add column emptied_at timestamptz,
                add column waits_for text check (waits_for in ('cache', 'rehearsal')),
                add check (completed_at is null or waits_for is null);
            update erasures set user_hash = sha256('\x05'::bytea || uuid_send(user_id)) where user_id is not null;
            comment on column erasures.user_hash is
                'SHA-256 of the byte 05 and the user''s id: it finds the user again in a backup from before the erasure, and can''t be '
                'turned back, because an id has 74 random bits. Null for erasures that were completed before it was kept.';
            comment on column erasures.emptied_at is
                'When PostgreSQL had nothing more of the user; what is left then are the cache and rehearsals.';
            comment on column erasures.waits_for is 'What holds up an erasure that is not completed, as its latest try has found.';

            create table cache_presence (
                id boolean primary key default true check (id),
                seen_at timestamptz not null);
            comment on table cache_presence is
                'One row: when a process with a connection to a cache was last at work, to the hour. Without a row, or with one older than '
                'any entry of a user, an erasure is completed without a cache.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            "drop table cache_presence; alter table erasures drop column user_hash, drop column emptied_at, drop column waits_for"
        );
    }
}
