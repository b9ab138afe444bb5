using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>How far each warm set came, and the role that a user's own sets read with.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000400_Warming")]
public sealed class Warming : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(Progress);
        migrationBuilder.Sql(Reader);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // The role stays: it is the server's, and other databases may use it.
        migrationBuilder.Sql("drop index overnight_job_runs_warms; drop table warm_progress");
    }

    private const string Progress = """
        create table warm_progress (
            set_name text primary key,
            run_id uuid not null,
            trigger text not null,
            marker text not null,
            reached text,
            warmed bigint not null default 0,
            failed bigint not null default 0,
            started_at timestamptz not null,
            updated_at timestamptz not null,
            completed_at timestamptz);
        comment on table warm_progress is 'The latest warm of each set. One that is not completed broke, and is resumed behind reached; one whose marker is not that of the cache server was made for a server that has lost everything since.';
        comment on column warm_progress.run_id is 'The row of overnight_job_runs, job_type cache-warm, of the latest try. No foreign key, for that row may be dropped by retention.';

        create index overnight_job_runs_warms on overnight_job_runs (id) where job_type = 'cache-warm';
        """;

    // Roles are the server's, not the database's: another database's migration may make it at the same moment.
    private const string Reader = """
        do $$ begin
            begin
                create role overnight_reader nologin;
            exception when duplicate_object or unique_violation then null;
            end;
            execute format('grant overnight_reader to %I', current_user);
            execute format('grant usage on schema %I to overnight_reader', current_schema());
            execute format('grant select on all tables in schema %I to overnight_reader', current_schema());
            revoke select on sessions from overnight_reader;
            execute format('alter default privileges in schema %I grant select on tables to overnight_reader', current_schema());
        exception when insufficient_privilege then
            raise notice 'The role overnight_reader can''t be made by %: warm sets of your own (Warming:Sets) need it.', current_user;
        end $$;
        """;
}
