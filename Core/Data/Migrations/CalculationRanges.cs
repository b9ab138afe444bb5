using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Adds the ranges that a calculation can handle (Core/Portfolios/Decimal4, Jobs/Pipeline/BatchLoader) as constraints of the columns it
/// reads. A row that violates a constraint stays, and the constraint stays unvalidated: only the row's user fails in a run, and the
/// command doctor names the row.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261128000100_CalculationRanges")]
public sealed class CalculationRanges : Migration
{
    private static readonly (string Table, string Name, string Check)[] Ranges =
    [
        ("portfolios", "portfolios_contribution_range", "contribution <= 922337203685477.5807"),
        ("asset_classes", "asset_classes_min_amount_range", "min_amount <= 922337203685477.5807"),
        ("criteria_versions", "criteria_versions_rules_size", "octet_length(rules::text) <= 1048576"),
    ];

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        foreach (var (table, name, check) in Ranges)
        {
            migrationBuilder.Sql(
                $"""
                alter table {table} add constraint {name} check ({check}) not valid;
                do $$ begin
                    alter table {table} validate constraint {name};
                exception when check_violation then
                    raise notice 'Rows of {table} violate {name}; the command doctor names them.';
                end $$;
                """
            );
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        foreach (var (table, name, _) in Ranges)
            migrationBuilder.Sql($"alter table {table} drop constraint {name}");
    }
}
