using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Creates the tables of a run. Every table of a user's data is keyed by user id, so that the data can be found, erased and sharded by
/// it. The SQL is written by hand, because the model builder has no constraints, partitions and storage parameters of this kind.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261121000000_FirstNight")]
public sealed partial class FirstNight : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        migrationBuilder.Sql(People);
        migrationBuilder.Sql(Market);
        migrationBuilder.Sql(Portfolios);
        migrationBuilder.Sql(Runs);
        migrationBuilder.Sql(History);
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("The first migration can't be undone; drop the database instead.");

    private const string People = """
        create table tenants (
            id uuid primary key,
            name text not null unique check (length(name) between 1 and 200),
            created_at timestamptz not null default now());
        comment on table tenants is 'Organisations that users belong to; the unit of isolation for reference data.';

        create table users (
            id uuid primary key,
            tenant_id uuid references tenants,
            email text not null unique check (email = lower(email) and position('@' in email) > 1),
            display_name text not null check (length(display_name) between 1 and 200),
            role text not null default 'user' check (role in ('user', 'admin')),
            base_currency text not null check (base_currency ~ '^[A-Z]{3}$'),
            created_at timestamptz not null default now(),
            deleted_at timestamptz,
            banned_at timestamptz);
        comment on table users is 'Who gets recommendations. Amounts of a user are in base_currency.';

        create table sessions (
            token_hash text primary key check (token_hash ~ '^[0-9a-f]{64}$'),
            user_id uuid not null references users on delete cascade,
            created_at timestamptz not null default now(),
            expires_at timestamptz not null,
            last_active_at timestamptz not null default now(),
            revoked_at timestamptz,
            check (expires_at > created_at));
        create index sessions_user on sessions (user_id);
        create index sessions_recent on sessions (last_active_at desc) where revoked_at is null;
        comment on table sessions is
            'Bearer sessions. token_hash is the lowercase hex SHA-256 of the token; the token itself is stored nowhere.';
        """;

    private const string Market = """
        create table markets (
            code text primary key check (code ~ '^[A-Z][A-Z0-9]{1,11}$'),
            name text not null,
            time_zone text not null,
            opens time not null,
            closes time not null check (closes > opens));
        comment on table markets is 'Exchanges whose open a night prepares; opens and closes are local to time_zone (IANA).';
        insert into markets values ('NYSE', 'New York Stock Exchange', 'America/New_York', '09:30', '16:00');

        create table assets (
            id uuid primary key,
            market text not null references markets,
            symbol text not null check (symbol ~ '^[A-Z0-9][A-Z0-9.^=-]{0,19}$'),
            name text not null check (length(name) between 1 and 200),
            sector text,
            currency text not null check (currency ~ '^[A-Z]{3}$'),
            created_at timestamptz not null default now(),
            unique (market, symbol));
        comment on table assets is 'What can be held. currency is that of its price.';

        create table prices (
            asset_id uuid not null references assets on delete cascade,
            as_of timestamptz not null,
            price numeric(19, 8) not null check (price > 0 and price <> 'NaN'),
            source text not null,
            primary key (asset_id, as_of));
        comment on table prices is 'Last known prices in the currency of the asset, one row per asset and time.';

        create table fundamentals (
            asset_id uuid not null references assets on delete cascade,
            as_of timestamptz not null,
            dividend_yield numeric(28, 8), pe_ratio numeric(28, 8), pb_ratio numeric(28, 8), market_cap numeric(28, 8),
            revenue numeric(28, 8), earnings numeric(28, 8), surplus_years numeric(28, 8), roe numeric(28, 8),
            roa numeric(28, 8), debt_to_equity numeric(28, 8), current_ratio numeric(28, 8), gross_margin numeric(28, 8),
            net_margin numeric(28, 8), payout_ratio numeric(28, 8), ev_ebitda numeric(28, 8),
            eps numeric(28, 8), ebitda numeric(28, 8),
            derived text[] not null default '{}',
            source text not null,
            primary key (asset_id, as_of),
            check (not 'NaN' = any (array[dividend_yield, pe_ratio, pb_ratio, market_cap, revenue, earnings, surplus_years, roe, roa,
                debt_to_equity, current_ratio, gross_margin, net_margin, payout_ratio, ev_ebitda, eps, ebitda]::text[])));
        comment on table fundamentals is
            'The 15 metrics that criteria use (dividend_yield in percent); derived names those computed from others at import. eps and '
            'ebitda are kept but are no metric.';

        create table exchange_rates (
            base text not null check (base ~ '^[A-Z]{3}$'),
            quote text not null check (quote ~ '^[A-Z]{3}$'),
            as_of timestamptz not null,
            rate numeric(28, 12) not null check (rate > 0 and rate <> 'NaN'),
            source text not null,
            primary key (base, quote, as_of),
            check (base <> quote));
        comment on table exchange_rates is
            'Units of quote for one unit of base. Cross rates are computed through USD when a snapshot is taken.';
        """;

    private const string Portfolios = """
        create table user_markets (
            user_id uuid not null references users on delete cascade,
            market text not null references markets,
            primary key (user_id, market));
        create index user_markets_market on user_markets (market, user_id);
        comment on table user_markets is 'The markets a user configured; a night of a market takes its users.';

        create table criteria_versions (
            user_id uuid not null references users on delete cascade,
            version integer not null check (version > 0),
            id uuid not null unique,
            rules json not null check (json_typeof(rules) = 'array'),
            created_at timestamptz not null default now(),
            primary key (user_id, version));
        comment on table criteria_versions is
            'Immutable: a changed criterion is a new version. rules is an array of {id, name, metric, operator, value, value2, points, '
            'requiredFundamentals}; json and not jsonb, so that its text stays as it was captured.';
        create function refuse_change() returns trigger language plpgsql as $$
            begin
                raise exception '% is immutable: insert a new version instead', tg_table_name
                    using errcode = 'integrity_constraint_violation';
            end $$;
        create trigger criteria_versions_immutable before update on criteria_versions for each row execute function refuse_change();

        create table portfolios (
            user_id uuid primary key references users on delete cascade,
            contribution numeric(19, 4) check (contribution >= 0 and contribution <> 'NaN'),
            criteria_version integer,
            created_at timestamptz not null default now(),
            foreign key (user_id, criteria_version) references criteria_versions (user_id, version));
        comment on table portfolios is
            'One per user: the next contribution in base currency (null when none is planned) and the criteria version in force.';

        create table asset_classes (
            user_id uuid not null references portfolios on delete cascade,
            id uuid not null,
            name text not null check (length(name) between 1 and 100 and name <> 'unclassified'),
            target_min numeric(7, 4) check (target_min between 0 and 100),
            target_max numeric(7, 4) check (target_max between 0 and 100),
            min_amount numeric(19, 4) check (min_amount >= 0 and min_amount <> 'NaN'),
            primary key (user_id, id),
            unique (user_id, name),
            check (coalesce(target_min, 0) <= coalesce(target_max, 100)));
        comment on table asset_classes is
            'A user''s classes with their allocation target in percent (null is 0 and 100) and the smallest amount worth buying, in base '
            'currency.';

        create table holdings (
            user_id uuid not null,
            asset_id uuid not null,
            class_id uuid,
            quantity numeric(19, 8) not null,
            ignored boolean not null default false,
            primary key (user_id, asset_id),
            constraint holdings_quantity check (quantity >= 0 and quantity <> 'NaN'),
            constraint holdings_portfolio foreign key (user_id) references portfolios on delete cascade,
            constraint holdings_asset foreign key (asset_id) references assets,
            constraint holdings_class foreign key (user_id, class_id) references asset_classes (user_id, id));
        comment on table holdings is 'What a user holds. A holding without a class counts as unclassified; an ignored one is not valued.';
        """;
}
