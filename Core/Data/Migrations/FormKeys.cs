using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the keys that the tokens of forms are protected with, shared by all nodes.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129000310_FormKeys")]
public sealed class FormKeys : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table data_protection_keys (
                id integer primary key generated always as identity,
                friendly_name text check (length(friendly_name) <= 200),
                xml text check (length(xml) <= 100000));
            comment on table data_protection_keys is
                'Keys of ASP.NET Core Data Protection, by which pages tell their own forms from forged ones; each lasts 90 days. '
                'Encrypted where Forms:Keys is set.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table data_protection_keys");
    }
}
