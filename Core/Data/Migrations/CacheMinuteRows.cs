using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the figures of the cache by the minute, for the curves of the last hours.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002100_CacheMinuteRows")]
public sealed class CacheMinuteRows : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table cache_minutes (
                minute timestamptz not null check (date_trunc('minute', minute) = minute),
                node uuid not null,
                hits bigint not null check (hits >= 0),
                memory_hits bigint not null check (memory_hits between 0 and hits),
                misses bigint not null check (misses >= 0),
                sets bigint not null check (sets >= 0),
                errors bigint not null check (errors >= 0),
                hit_ms double precision check (hit_ms >= 0),
                primary key (minute, node));
            comment on table cache_minutes is
                'How the reads and writes of the cache of each process of the api went, by the minute; minutes without any have no row. Kept '
                'for a week. hit_ms is the mean time of a hit of the cache server, null without any.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table cache_minutes");
    }
}
