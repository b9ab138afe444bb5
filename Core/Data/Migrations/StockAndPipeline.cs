using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>Adds what tenants have in stock, and the sales they hope for.</summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002800_StockAndPipeline")]
public sealed class StockAndPipeline : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            """
            create table erp.stock (
                tenant_id uuid not null references tenants on delete cascade,
                facility_id uuid not null,
                location_code text not null,
                sku text not null,
                quantity numeric(19, 4) not null check (quantity >= 0 and quantity <> 'NaN'),
                primary key (tenant_id, facility_id, location_code, sku),
                constraint stock_location foreign key (tenant_id, facility_id, location_code) references erp.locations,
                constraint stock_material foreign key (tenant_id, sku) references erp.materials);
            comment on table erp.stock is 'What lies in a location of each material, in the material''s unit.';

            create table erp.opportunities (
                tenant_id uuid not null references tenants on delete cascade,
                number integer not null check (number > 0),
                owner_id uuid references users on delete set null,
                customer_number integer not null,
                stage_code text not null,
                amount numeric(19, 4) not null check (amount >= 0 and amount <> 'NaN'),
                primary key (tenant_id, number),
                constraint opportunities_customer foreign key (tenant_id, customer_number) references erp.customers,
                constraint opportunities_stage foreign key (tenant_id, stage_code) references erp.pipeline_stages);
            create index opportunities_owner on erp.opportunities (owner_id, tenant_id);
            comment on table erp.opportunities is
                'Sales that may come to be, in the base currency, with the user who works on them; null once that user is gone.';
            """
        );
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql("drop table erp.opportunities; drop table erp.stock");
    }
}
