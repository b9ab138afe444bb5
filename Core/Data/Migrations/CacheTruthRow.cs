using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the count of cached results that were compared with the stored ones.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002400_CacheTruth")]
public sealed class CacheTruthRow : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table cache_truth (
                id boolean primary key default true check (id),
                compared bigint not null default 0,
                differing bigint not null default 0,
                last_user uuid not null default '00000000-0000-0000-0000-000000000000',
                last_at timestamptz,
                last_differing_at timestamptz);
            insert into cache_truth default values;
            comment on table cache_truth is
                'One row: how many cached entries, two a user, were compared with the stored results, how many differed, and when; last_user '
                'is the last one compared, after whom any process goes on.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table cache_truth");
    }
}
