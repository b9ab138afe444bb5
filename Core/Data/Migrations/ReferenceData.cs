using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Creates the reference data of tenants in a schema of its own. Every key begins with the tenant, and every foreign key contains it, so
/// that no row can refer to another tenant's.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261122000600_ReferenceData")]
public sealed partial class ReferenceData : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(
            "create schema erp; comment on schema erp is 'Reference data of tenants: ledger, sales, purchasing, warehouses and equipment.'"
        );
        migrationBuilder.Sql(Ledger);
        migrationBuilder.Sql(Rates);
        migrationBuilder.Sql(Trade);
        migrationBuilder.Sql(Plant);
        migrationBuilder.Sql(Generations);
        migrationBuilder.Sql(RateChanges);
    }

    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        // The triggers on exchange_rates are dropped as well, because their functions are in the schema.
        migrationBuilder.Sql("drop schema erp cascade");
    }

    private const string Ledger = """
        create table erp.currencies (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[A-Z]{3}$'),
            is_base boolean not null default false,
            primary key (tenant_id, code));
        create unique index currencies_base on erp.currencies (tenant_id) where is_base;
        comment on table erp.currencies is 'The currencies (ISO 4217) a tenant trades in; its books are in the one that is base.';

        create table erp.accounts (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[0-9A-Z][0-9A-Z.-]{0,19}$'),
            name text not null check (length(name) between 1 and 200),
            type text not null check (type in ('asset', 'liability', 'equity', 'revenue', 'expense')),
            parent_code text check (parent_code <> code),
            active boolean not null default true,
            primary key (tenant_id, code),
            foreign key (tenant_id, parent_code) references erp.accounts);
        comment on table erp.accounts is 'Chart of accounts. An account with a parent is summed up in it.';

        create table erp.periods (
            tenant_id uuid not null references tenants on delete cascade,
            code text not null check (code ~ '^[0-9]{4}-[0-9]{2}$'),
            starts_on date not null,
            ends_on date not null check (ends_on >= starts_on),
            status text not null check (status in ('future', 'open', 'closed')),
            primary key (tenant_id, code),
            unique (tenant_id, starts_on));
        comment on table erp.periods is 'Financial periods, both days included. Journals are posted to open ones.';

        create table erp.journal_lines (
            tenant_id uuid not null references tenants on delete cascade,
            entry integer not null check (entry > 0),
            line smallint not null check (line > 0),
            period_code text not null,
            account_code text not null,
            posted_on date not null,
            debit numeric(19, 4) not null default 0 check (debit >= 0 and debit <> 'NaN'),
            credit numeric(19, 4) not null default 0 check (credit >= 0 and credit <> 'NaN'),
            primary key (tenant_id, entry, line),
            check ((debit = 0) <> (credit = 0)),
            constraint journal_lines_period foreign key (tenant_id, period_code) references erp.periods,
            constraint journal_lines_account foreign key (tenant_id, account_code) references erp.accounts);
        create index journal_lines_balances on erp.journal_lines (tenant_id, period_code, account_code) include (debit, credit);
        comment on table erp.journal_lines is
            'Posted journal lines in the base currency: each a debit or a credit, and the lines of an entry balanced by whoever posts '
            'them.';
        """;

    // The same rule as in Core/Market/CrossRates: a quoted pair as it is, else its inverse, else through the dollar, with 10 significant
    // digits. Runs and ledgers share the quotes of the providers.
    private const string Rates = """
        create function erp.ten_digits(value numeric) returns numeric language sql immutable strict as $$
            select round(value, 9 - floor(log(value))::int)
        $$;
        comment on function erp.ten_digits is 'A positive number with 10 significant digits, rounded half away from zero.';

        create function erp.quoted_rate(from_currency text, to_currency text, until timestamptz)
            returns table (rate numeric, as_of timestamptz) language sql stable as $$
            select q.rate, q.as_of from (
                (select r.rate, r.as_of, 0 as way from exchange_rates r where r.base = from_currency and r.quote = to_currency
                    and r.as_of < until order by r.as_of desc limit 1)
                union all
                (select 1 / r.rate, r.as_of, 1 from exchange_rates r where r.base = to_currency and r.quote = from_currency
                    and r.as_of < until order by r.as_of desc limit 1)) q
            order by q.as_of desc, q.way limit 1
        $$;
        comment on function erp.quoted_rate is 'The latest quote of a pair before a time, or the inverse of that of the opposite pair.';

        create function erp.exchange_rate(from_currency text, to_currency text, until timestamptz)
            returns table (rate numeric, as_of timestamptz) language sql stable as $$
            select case when d.direct then d.rate else erp.ten_digits(d.rate) end, d.as_of from (
                select q.rate, q.as_of, exists (select from exchange_rates r where r.base = from_currency and r.quote = to_currency
                    and r.as_of = q.as_of) as direct
                from erp.quoted_rate(from_currency, to_currency, until) q
                union all
                select t.rate / f.rate, least(t.as_of, f.as_of), false
                from erp.quoted_rate('USD', from_currency, until) f, erp.quoted_rate('USD', to_currency, until) t
                where from_currency <> 'USD' and to_currency <> 'USD'
                    and not exists (select from erp.quoted_rate(from_currency, to_currency, until))) d
        $$;
        comment on function erp.exchange_rate is
            'Units of to_currency for one unit of from_currency by the last quotes before a time; no row where none is known.';
        """;
}
