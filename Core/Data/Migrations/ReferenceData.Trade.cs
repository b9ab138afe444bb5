namespace Overnight.Core.Data.Migrations;

/// <summary>Tables of what is bought and sold, of pricing rules, and of the generations that invalidation raises.</summary>
public sealed partial class ReferenceData
{
    private const string Trade = """
        create table erp.pipeline_stages (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[a-z][a-z0-9-]{0,39}$'),
            name text not null check (length(name) between 1 and 200),
            position smallint not null check (position > 0),
            probability numeric(5, 2) not null check (probability between 0 and 100),
            outcome text check (outcome in ('won', 'lost')),
            primary key (tenant_id, code),
            unique (tenant_id, position));
        comment on table erp.pipeline_stages is 'Stages of a sale in order, with the chance of winning in percent; an outcome ends it.';

        create table erp.vendors (
            tenant_id uuid not null references tenants on delete cascade,
            number integer not null check (number > 0),
            name text not null check (length(name) between 1 and 200),
            country text not null check (country ~ '^[A-Z]{2}$'),
            currency text not null,
            payment_days smallint not null check (payment_days between 0 and 365),
            active boolean not null default true,
            primary key (tenant_id, number),
            constraint vendors_currency foreign key (tenant_id, currency) references erp.currencies);
        comment on table erp.vendors is 'Who is bought from. country is ISO 3166-1 alpha-2.';

        create table erp.customers (
            tenant_id uuid not null references tenants on delete cascade,
            number integer not null check (number > 0),
            name text not null check (length(name) between 1 and 200),
            country text not null check (country ~ '^[A-Z]{2}$'),
            currency text not null,
            payment_days smallint not null check (payment_days between 0 and 365),
            credit_limit numeric(19, 4) not null check (credit_limit >= 0 and credit_limit <> 'NaN'),
            active boolean not null default true,
            primary key (tenant_id, number),
            constraint customers_currency foreign key (tenant_id, currency) references erp.currencies);
        comment on table erp.customers is 'Who is sold to; credit_limit is in the customer''s currency.';

        create table erp.materials (
            tenant_id uuid not null references tenants on delete cascade,
            sku text not null check (length(sku) between 1 and 64),
            name text not null check (length(name) between 1 and 200),
            category text not null check (length(category) between 1 and 100),
            unit text not null check (unit in ('pc', 'kg', 'm', 'l')),
            price numeric(19, 4) not null check (price >= 0 and price <> 'NaN'),
            active boolean not null default true,
            primary key (tenant_id, sku));
        comment on table erp.materials is 'What is kept, made and sold; price is for one unit, in the base currency. A sku is free text.';

        create table erp.kits (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
            name text not null check (length(name) between 1 and 200),
            active boolean not null default true,
            primary key (tenant_id, code));
        comment on table erp.kits is 'Sets of materials that are sold as one.';

        create table erp.kit_components (
            tenant_id uuid not null references tenants on delete cascade,
            kit_code text not null,
            sku text not null,
            quantity numeric(19, 4) not null check (quantity > 0 and quantity <> 'NaN'),
            primary key (tenant_id, kit_code, sku),
            constraint kit_components_kit foreign key (tenant_id, kit_code) references erp.kits on delete cascade,
            constraint kit_components_material foreign key (tenant_id, sku) references erp.materials);
        comment on table erp.kit_components is 'What a kit is made of, in the material''s unit.';

        create table erp.pricing_rules (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[A-Z0-9][A-Z0-9-]{0,39}$'),
            sku text,
            customer_number integer,
            min_quantity numeric(19, 4) not null default 0 check (min_quantity >= 0 and min_quantity <> 'NaN'),
            discount_percent numeric(7, 4) not null check (discount_percent between 0 and 100),
            priority smallint not null default 0,
            valid_from date not null,
            valid_until date check (valid_until >= valid_from),
            primary key (tenant_id, code),
            constraint pricing_rules_material foreign key (tenant_id, sku) references erp.materials,
            constraint pricing_rules_customer foreign key (tenant_id, customer_number) references erp.customers);
        comment on table erp.pricing_rules is
            'Discounts, of one material or all, to one customer or all, on both days and between; the highest priority comes first.';
        """;

    // Generations are raised one transaction at a time, under a lock that is held to its end, so that they become visible in their order
    // and "greater than the last one seen" misses none. They start at the clock's milliseconds, so that after a restore of an older backup
    // none comes again while entries that carry it are still in the cache.
    private const string Generations = """
        create table erp.generations (
            tenant_id uuid not null,
            entity text not null check (entity ~ '^(\*|[a-z]+:[a-z-]+)$'),
            generation bigint not null check (generation > 0),
            primary key (tenant_id, entity));
        create unique index generations_number on erp.generations (generation desc, tenant_id, entity);
        comment on table erp.generations is
            'When cached entries were invalidated last, as rising numbers: of a tenant (all zeros: of every tenant) and an entity (*: of '
            'every entity). The generation of an entry is the highest of the four rows that are about it; an entry in the cache that '
            'carries another is a miss.';

        create function erp.generation(tenant uuid, of_entity text) returns bigint language sql stable as $$
            select coalesce(max(generation), 0) from erp.generations
            where tenant_id in (tenant, '00000000-0000-0000-0000-000000000000') and entity in (of_entity, '*')
        $$;

        create function erp.raise_generation(tenant uuid, entities text[]) returns bigint language plpgsql as $$
        declare raised bigint;
        begin
            perform pg_advisory_xact_lock(hashtext('overnight.generations'));
            select greatest((select max(generation) from erp.generations) + 1,
                (extract(epoch from clock_timestamp()) * 1000)::bigint) into raised;
            insert into erp.generations as g (tenant_id, entity, generation) select tenant, e, raised from unnest(entities) e
            on conflict (tenant_id, entity) do update set generation = excluded.generation;
            return raised;
        end $$;
        comment on function erp.raise_generation is
            'Invalidates every cached entry of the entities, of a tenant or (all zeros) of every tenant. Called after the change is '
            'committed, or with it.';
        """;

    // Runs, imports and users with SQL access write exchange_rates, from which every tenant's rates are computed. The lock of
    // raise_generation is taken before any row is locked: otherwise a transaction of two statements, which has the lock after the first,
    // could wait for a row of a transaction that waits for the lock.
    private const string RateChanges = """
        create function erp.before_rates_change() returns trigger language plpgsql as $$
        begin
            perform pg_advisory_xact_lock(hashtext('overnight.generations'));
            return null;
        end $$;

        create function erp.after_rates_change() returns trigger language plpgsql as $$
        declare is_changed boolean;
        begin
            if tg_op = 'UPDATE' then
                is_changed := exists (select * from changed except select * from former);
            else
                is_changed := exists (select from changed);
            end if;
            if is_changed then
                perform erp.raise_generation('00000000-0000-0000-0000-000000000000', array['finance:xrate']);
            end if;
            return null;
        end $$;
        comment on function erp.after_rates_change is 'Invalidates the cached exchange rates of every tenant when a statement changed any.';

        create trigger exchange_rates_changing before insert or update or delete on exchange_rates for each statement
            execute function erp.before_rates_change();
        create trigger exchange_rates_inserted after insert on exchange_rates referencing new table as changed for each statement
            execute function erp.after_rates_change();
        create trigger exchange_rates_updated after update on exchange_rates referencing old table as former new table as changed
            for each statement execute function erp.after_rates_change();
        create trigger exchange_rates_deleted after delete on exchange_rates referencing old table as changed for each statement
            execute function erp.after_rates_change();
        """;
}
