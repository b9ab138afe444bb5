using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the pauses of markets' and warm sets' schedules.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002200_SchedulePauses")]
public sealed class SchedulePauseTable : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table schedule_pauses (
                id uuid primary key,
                kind text not null check (kind in ('market', 'set')),
                name text not null check (length(name) between 1 and 100),
                reason text not null check (length(reason) between 1 and 500),
                actor text not null check (actor in ('admin', 'admin-key', 'command')),
                paused_at timestamptz not null,
                until_at timestamptz check (until_at >= paused_at),
                ended_at timestamptz check (ended_at >= paused_at));
            create unique index schedule_pauses_open on schedule_pauses (kind, name) where ended_at is null;
            create index schedule_pauses_time on schedule_pauses (paused_at);
            comment on table schedule_pauses is
                'When the schedule of a market or a warm set was paused, and why. It is paused while ended_at is null and until_at is null '
                'or to come. Which person did it is in action_log.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table schedule_pauses");
    }
}
