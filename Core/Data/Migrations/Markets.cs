using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the five markets that ship. Time zone and hours leave the table, because they change with dates and configuration, and a second
/// copy of them would go out of date.
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
        throw new NotSupportedException("The hours of markets were dropped by this migration; restore a backup to go back before it.");
}
