using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the action log, which refuses changes whoever makes them, and the references by which its rows name people. Rows can be deleted
/// once they are two years old, so that retention needs no way around the trigger.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129001100_ActionLog")]
public sealed class ActionLogTables : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table person_refs (
                id uuid primary key,
                user_id uuid not null unique references users on delete cascade);
            comment on table person_refs is
                'Stands for a user in rows that outlive the user, such as those of action_log. Deleting a row here takes the person out of '
                'them and leaves them as they are.';

            create table action_log (
                number bigint generated always as identity primary key,
                at timestamptz not null,
                action text not null check (action ~ '^[a-z][a-z-]{1,39}$'),
                outcome text not null check (outcome ~ '^[a-z][a-z_-]{1,39}$'),
                actor text not null check (actor in ('nobody', 'user', 'admin', 'admin-key', 'command')),
                actor_ref uuid,
                subject_ref uuid,
                target text check (length(target) <= 200),
                detail json);
            create index action_log_at on action_log (at);
            create index action_log_action on action_log (action, number);
            create index action_log_actor on action_log (actor_ref, number) where actor_ref is not null;
            create index action_log_subject on action_log (subject_ref, number) where subject_ref is not null;
            comment on table action_log is
                'Who did what, when, with which outcome. Append-only: a trigger refuses UPDATE and TRUNCATE, and DELETE of rows younger than '
                'two years. actor_ref and subject_ref are ids of person_refs, without a foreign key, on purpose.';

            create function keep_action_log() returns trigger language plpgsql as $$
            begin
                if tg_op = 'DELETE' then
                    if old.at < now() - interval '2 years' then
                        return old;
                    end if;
                end if;
                raise exception 'action_log is append-only: % is refused', lower(tg_op) using errcode = 'integrity_constraint_violation';
            end $$;
            create trigger action_log_append_only before update or delete on action_log for each row execute function keep_action_log();
            create trigger action_log_no_truncate before truncate on action_log for each statement execute function keep_action_log();
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table action_log; drop function keep_action_log(); drop table person_refs");
    }
}
