using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// The five markets that ship. Zone and hours leave the table: they change with dates and configuration, and a second place
/// that says them would one day say something else.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000000_Markets")]
public sealed class Markets : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            alter table markets drop column time_zone, drop column opens, drop column closes;
            insert into markets (code, name) values
                ('B3', 'B3, Sao Paulo'),
                ('LSE', 'London Stock Exchange'),
                ('NYSE', 'New York Stock Exchange'),
                ('TSE', 'Tokyo Stock Exchange'),
                ('XETRA', 'Xetra, Frankfurt')
            on conflict (code) do nothing;
            comment on table markets is
                'Exchanges whose open a night prepares. When they are open is said by the calendars of Core/Market/Calendars and by '
                'configuration; the command migrate adds markets that configuration adds.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("Hours that were dropped are not known here any more; restore the database instead.");
}
