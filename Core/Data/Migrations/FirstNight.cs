using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// The tables of a night. Everything of a user is keyed by user id, so that it can be found, erased and sharded by it.
/// Written by hand: constraints, partitions and storage parameters are the point, and the model builder can't say them.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261121000000_FirstNight")]
public sealed class FirstNight : Migration
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
        throw new NotSupportedException("Dropping every table is done by dropping the database, by a person who means it.");

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
        comment on table sessions is 'Bearer sessions. token_hash is the lowercase hex SHA-256 of the token; the token itself is stored nowhere.';
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
        comment on table fundamentals is 'The 15 metrics that criteria use (dividend_yield in percent); derived names those computed from others at import. eps and ebitda are kept but are no metric.';

        create table exchange_rates (
            base text not null check (base ~ '^[A-Z]{3}$'),
            quote text not null check (quote ~ '^[A-Z]{3}$'),
            as_of timestamptz not null,
            rate numeric(28, 12) not null check (rate > 0 and rate <> 'NaN'),
            source text not null,
            primary key (base, quote, as_of),
            check (base <> quote));
        comment on table exchange_rates is 'Units of quote for one unit of base. Cross rates are computed through USD when a snapshot is taken.';
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
        comment on table criteria_versions is 'Immutable: a changed criterion is a new version. rules is an array of {id, name, metric, operator, value, value2, points, requiredFundamentals}; json and not jsonb, so that its text stays as it was captured.';
        create function refuse_change() returns trigger language plpgsql as $$
            begin raise exception '% is immutable: insert a new version instead', tg_table_name using errcode = 'integrity_constraint_violation'; end $$;
        create trigger criteria_versions_immutable before update on criteria_versions for each row execute function refuse_change();

        create table portfolios (
            user_id uuid primary key references users on delete cascade,
            contribution numeric(19, 4) check (contribution >= 0 and contribution <> 'NaN'),
            criteria_version integer,
            created_at timestamptz not null default now(),
            foreign key (user_id, criteria_version) references criteria_versions (user_id, version));
        comment on table portfolios is 'One per user: the next contribution in base currency (null when none is planned) and the criteria version in force.';

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
        comment on table asset_classes is 'A user''s classes with their allocation target in percent (null is 0 and 100) and the smallest amount worth buying, in base currency.';

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

    private const string Runs = """
        create table market_snapshots (
            id uuid primary key,
            market text not null references markets,
            business_date date not null,
            taken_at timestamptz not null,
            prices_as_of timestamptz,
            rates_as_of timestamptz,
            payload bytea not null);
        create trigger market_snapshots_immutable before update on market_snapshots for each row execute function refuse_change();
        comment on table market_snapshots is 'Prices, fundamentals and exchange rates that a run used, immutable, in the compact form of MarketSnapshotCodec; events refer to assets by their ordinal in it.';

        create table overnight_job_runs (
            id uuid primary key,
            job_type text not null check (job_type in ('scoring', 'recommendations', 'cache-warm')),
            status text not null default 'started' check (status in ('started', 'completed', 'failed', 'partial')),
            market text references markets,
            business_date date,
            revision integer check (revision > 0),
            trigger text not null check (trigger in ('schedule', 'catch-up', 'first-start', 'manual', 'api', 'deployment', 'cold-start', 'pipeline-end')),
            started_at timestamptz not null,
            planned_at timestamptz,
            completed_at timestamptz,
            snapshot_id uuid references market_snapshots,
            users_total integer not null default 0,
            users_processed integer not null default 0,
            users_failed integer not null default 0,
            correlation_id uuid not null,
            traceparent text,
            error_details json,
            metrics json,
            check ((status = 'started') = (completed_at is null)),
            check (job_type <> 'scoring' or (market is not null and business_date is not null and revision is not null)),
            unique (job_type, market, business_date, revision));
        create index overnight_job_runs_newest on overnight_job_runs (started_at desc, id desc);
        create index overnight_job_runs_unfinished on overnight_job_runs (started_at) where completed_at is null;
        comment on table overnight_job_runs is 'One row per run; (market, business date, revision) is what makes a night happen once, whoever rings.';

        create table run_batches (
            run_id uuid not null references overnight_job_runs on delete cascade,
            number integer not null,
            first_user uuid not null,
            last_user uuid not null check (last_user >= first_user),
            size integer not null check (size > 0),
            status text not null default 'pending' check (status in ('pending', 'done', 'split')),
            users_processed integer not null default 0,
            users_failed integer not null default 0,
            assets_scored integer not null default 0,
            recommendations integer not null default 0,
            suspect boolean not null default false,
            work_ms real not null default 0,
            cache_ms real not null default 0,
            completed_at timestamptz,
            cached_at timestamptz,
            primary key (run_id, number),
            check ((status = 'done') = (completed_at is not null)));
        create index run_batches_pending on run_batches (run_id, number) where status = 'pending';
        create index run_batches_uncached on run_batches (run_id, number) where status = 'done' and cached_at is null;
        comment on table run_batches is 'A checkpoint each: a range of users whose results commit together with status done. cached_at is the second mark, set when they are in the cache. A suspect batch was split off one that ended its worker again and again.';

        create table batch_attempts (
            run_id uuid not null,
            number integer not null,
            started_at timestamptz not null default now(),
            worker text not null);
        create index batch_attempts_batch on batch_attempts (run_id, number);
        comment on table batch_attempts is 'Written before a batch is worked on, in a transaction of its own, so that a batch that ends its worker is seen. No foreign key: the batch row is locked by then.';

        create table run_failures (
            run_id uuid not null references overnight_job_runs on delete cascade,
            user_id uuid not null,
            stage text not null check (stage in ('load', 'score', 'recommend', 'validate', 'write')),
            reason text not null,
            detail text,
            occurred_at timestamptz not null,
            primary key (run_id, user_id));
        create index run_failures_user on run_failures (user_id);
        comment on table run_failures is 'Users a run could not compute, with stage and reason; they never stop another user.';
        """;

    private const string History = """
        create table calculation_events (
            business_date date not null,
            run_id uuid not null,
            user_id uuid not null,
            type smallint not null check (type between 1 and 4),
            occurred_at timestamptz not null,
            payload bytea not null,
            primary key (business_date, run_id, user_id, type)) partition by range (business_date);
        comment on table calculation_events is '1 CALC_STARTED, 2 INPUTS_CAPTURED, 3 SCORES_COMPUTED, 4 CALC_COMPLETED; payload in the compact form of EventCodec. No foreign key to users, on purpose: erasure leaves the chain intact.';

        create table calculation_results (
            user_id uuid not null,
            business_date date not null,
            run_id uuid not null,
            batch integer not null,
            position smallint not null,
            generated_at timestamptz not null,
            recommendations bytea not null,
            portfolio bytea not null,
            primary key (user_id, business_date, run_id)) partition by range (business_date);
        comment on table calculation_results is 'Immutable, byte for byte what the cache holds and the dashboard answers: recommendations is the value of recs:{userId}, portfolio that of portfolio:{userId}.';

        create table asset_postings (
            business_date date not null,
            asset_id uuid not null,
            run_id uuid not null,
            batch integer not null,
            positions bytea not null,
            primary key (asset_id, business_date, run_id, batch)) partition by range (business_date);
        comment on table asset_postings is 'Which results of a batch an asset is in: a bitmap over calculation_results.position, least significant bit first.';

        create table current_results (
            user_id uuid primary key,
            business_date date not null,
            run_id uuid not null) with (fillfactor = 70);
        comment on table current_results is 'The result in force per user: the latest (business date, run id). Every cache write, warm or repair takes this one, under a share lock, so that an older result is never written after a newer one.';

        -- Result text compresses three to one; lz4 costs a tenth of the default's time where the server was built with it.
        do $$ begin
            alter table calculation_results alter column recommendations set compression lz4, alter column portfolio set compression lz4;
            alter table market_snapshots alter column payload set compression lz4;
        exception when feature_not_supported or invalid_parameter_value then null; end $$;

        create function ensure_month(day date) returns void language plpgsql as $$
        declare first_day date := date_trunc('month', day)::date; parent text; child text;
        begin
            -- One at a time, or two replicas that plan at once would both create it.
            perform pg_advisory_xact_lock(hashtext('overnight.ensure_month'));
            foreach parent in array array['calculation_events', 'calculation_results', 'asset_postings'] loop
                child := parent || to_char(first_day, '"_y"YYYY"m"MM');
                if to_regclass(child) is null then
                    -- A compressed result of 2 to 4 KB stays in its row: a row of the side table and its index entry cost more.
                    execute format('create table %I partition of %I for values from (%L) to (%L) with (toast_tuple_target = 4080)', child, parent, first_day, first_day + interval '1 month');
                end if;
            end loop;
        end $$;
        comment on function ensure_month is 'Makes the monthly partitions that hold the given day.';
        select ensure_month(current_date), ensure_month((current_date + interval '1 month')::date);
        """;
}
