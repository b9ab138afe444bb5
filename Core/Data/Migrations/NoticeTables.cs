using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the outbox of notices, and their deliveries to webhooks.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002300_Notices")]
public sealed class NoticeTables : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table notices (
                id uuid primary key,
                number bigint generated always as identity unique,
                subject text not null check (length(subject) between 1 and 200),
                event text not null check (event ~ '^[a-z][a-z_.]{1,39}$'),
                created_at timestamptz not null,
                body bytea not null,
                unique (subject, event));
            comment on table notices is
                'What webhooks are told, inserted in the transaction of what it tells. A subject, such as a night, has each event once. body '
                'is what is sent, byte for byte; it names no users.';

            create table notice_deliveries (
                notice_id uuid not null references notices on delete cascade,
                target text not null,
                state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
                attempts integer not null default 0,
                next_at timestamptz not null,
                retry_until timestamptz not null,
                delivered_at timestamptz,
                last_status integer,
                last_error text,
                primary key (notice_id, target),
                check ((state = 'delivered') = (delivered_at is not null)));
            create index notice_deliveries_waiting on notice_deliveries (next_at) where state = 'waiting';
            comment on table notice_deliveries is
                'A notice to a target. Whoever sends it first moves next_at on, so that a sender that dies has made one attempt, and the '
                'next one sends the same id.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table notice_deliveries; drop table notices");
    }
}
