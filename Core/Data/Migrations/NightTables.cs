using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the scheduled nights and warms with their deadlines, and until when each schedule was looked at.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002100_Nights")]
public sealed class NightTables : Migration
{
    // The columns of both tables after their keys.
    private const string Columns = """
        due_at timestamptz not null,
        deadline_at timestamptz not null,
        state text not null check (state in ('on-time', 'at-risk', 'late', 'missed')),
        since timestamptz not null,
        run_id uuid,
        forecast_at timestamptz,
        finished_at timestamptz,
        clear_ticks smallint not null default 0,
        was_troubled boolean not null default false,
        checked_at timestamptz not null
        """;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            $"""
            create table nights (
                market text not null references markets,
                business_date date not null,
                {Columns},
                primary key (market, business_date));
            create index nights_unfinished on nights (due_at) where finished_at is null;
            create index nights_state on nights (state, business_date) where state <> 'on-time';
            comment on table nights is
                'A row per scheduled night, inserted by the first tick at or after due_at, for a day of trading of a market with active '
                'users whose schedule was not paused. The replica whose update finds the state and the tick it has read changes it. '
                'forecast_at is null while the run stalls.';

            create table warm_deadlines (
                set_name text not null,
                {Columns},
                primary key (set_name, due_at));
            create index warm_deadlines_unfinished on warm_deadlines (due_at) where finished_at is null;
            comment on table warm_deadlines is 'The same for each scheduled warm of a set.';

            create table schedule_marks (
                market text primary key references markets,
                ticked_at timestamptz not null);
            comment on table schedule_marks is
                'The latest tick of each market''s schedule: due times after it get their rows of nights from the next tick, also those '
                'that passed while everything was down.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table nights; drop table warm_deadlines; drop table schedule_marks");
    }
}
