using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Lets a user see that an operator's command opened a result.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002800_ResultReadsByCommand")]
public sealed class ResultReadsByCommand : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table result_reads drop constraint result_reads_reader_check;
            alter table result_reads add constraint result_reads_reader_check check (reader in ('admin', 'admin-key', 'command'));
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // The rows are a record that users are owed, so those of commands stay, and only new ones are refused.
        migrationBuilder.Sql(
            """
            alter table result_reads drop constraint result_reads_reader_check;
            alter table result_reads add constraint result_reads_reader_check check (reader in ('admin', 'admin-key')) not valid;
            """
        );
    }
}
