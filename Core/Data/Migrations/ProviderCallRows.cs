using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds the count of requests to each provider and day.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002600_ProviderCalls")]
public sealed class ProviderCallRows : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table provider_calls (
                provider text not null check (length(provider) between 1 and 100),
                day date not null,
                calls integer not null check (calls > 0),
                most integer,
                primary key (provider, day));
            comment on table provider_calls is
                'How many requests all replicas together sent to a provider on a day, UTC, and how many the configuration allowed at the '
                'latest of them; null for any number.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table provider_calls");
    }
}
