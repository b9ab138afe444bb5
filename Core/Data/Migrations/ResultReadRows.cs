using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds who else opened a user's results, for that user to see.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129001300_ResultReads")]
public sealed class ResultReadRows : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table result_reads (
                user_id uuid not null,
                number bigint generated always as identity,
                read_at timestamptz not null,
                reader text not null check (reader in ('admin', 'admin-key')),
                reader_ref uuid,
                run_id uuid not null,
                business_date date not null,
                primary key (user_id, number));
            create index result_reads_date on result_reads (business_date);
            comment on table result_reads is
                'Each time somebody else opened a result of user_id, written before it was shown. reader_ref is an id of person_refs. No '
                'foreign keys, on purpose: a result outlives its user.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table result_reads");
    }
}
