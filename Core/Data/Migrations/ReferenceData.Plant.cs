namespace Overnight.Core.Data.Migrations;

/// <summary>Tables of facilities, work centers, locations and equipment.</summary>
public sealed partial class ReferenceData
{
    private const string Plant = """
        create table erp.facilities (
            tenant_id uuid not null references tenants on delete cascade,
            id uuid not null,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,19}$'),
            name text not null check (length(name) between 1 and 200),
            primary key (tenant_id, id),
            unique (tenant_id, code));
        comment on table erp.facilities is 'Plants and warehouses.';

        create table erp.work_centers (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
            name text not null check (length(name) between 1 and 200),
            facility_id uuid not null,
            hourly_rate numeric(19, 4) not null check (hourly_rate >= 0 and hourly_rate <> 'NaN'),
            hours_per_day numeric(5, 2) not null check (hours_per_day between 0 and 24),
            active boolean not null default true,
            primary key (tenant_id, code),
            constraint work_centers_facility foreign key (tenant_id, facility_id) references erp.facilities);
        comment on table erp.work_centers is 'Where work is done, with its rate in the base currency and its capacity.';

        create table erp.locations (
            tenant_id uuid not null references tenants on delete cascade,
            facility_id uuid not null,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
            zone text not null check (zone in ('receiving', 'storage', 'picking', 'shipping')),
            active boolean not null default true,
            primary key (tenant_id, facility_id, code),
            constraint locations_facility foreign key (tenant_id, facility_id) references erp.facilities);
        comment on table erp.locations is 'Inventory locations of a facility.';

        create table erp.bins (
            tenant_id uuid not null references tenants on delete cascade,
            facility_id uuid not null,
            location_code text not null,
            number smallint not null check (number > 0),
            capacity numeric(19, 4) not null check (capacity > 0 and capacity <> 'NaN'),
            used numeric(19, 4) not null default 0 check (used between 0 and capacity),
            primary key (tenant_id, facility_id, location_code, number),
            constraint bins_location foreign key (tenant_id, facility_id, location_code) references erp.locations);
        comment on table erp.bins is 'Bins of a location; capacity and what of it is used are in the same unit of volume.';

        create table erp.equipment (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
            name text not null check (length(name) between 1 and 200),
            work_center_code text not null,
            max_temperature numeric(7, 2) not null check (max_temperature > 0),
            max_vibration numeric(7, 3) not null check (max_vibration > 0),
            active boolean not null default true,
            primary key (tenant_id, code),
            constraint equipment_work_center foreign key (tenant_id, work_center_code) references erp.work_centers);
        comment on table erp.equipment is 'Machines with the temperature (degrees Celsius) and vibration (mm/s) that they stand.';

        create table erp.equipment_readings (
            tenant_id uuid not null references tenants on delete cascade,
            equipment_code text not null,
            read_at timestamptz not null,
            temperature numeric(7, 2) not null check (temperature <> 'NaN'),
            vibration numeric(7, 3) not null check (vibration >= 0 and vibration <> 'NaN'),
            primary key (tenant_id, equipment_code, read_at),
            constraint equipment_readings_equipment foreign key (tenant_id, equipment_code) references erp.equipment on delete cascade);
        comment on table erp.equipment_readings is 'What sensors measured, in the units of the limits.';
        """;
}
