namespace Overnight.Core.Data.Migrations;

/// <summary>Tables of runs, their batches, and the history they write, partitioned by month.</summary>
public sealed partial class FirstNight
{
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
        comment on table market_snapshots is
            'Prices, fundamentals and exchange rates that a run used, immutable, in the compact form of MarketSnapshotCodec; events '
            'refer to assets by their ordinal in it.';

        create table overnight_job_runs (
            id uuid primary key,
            job_type text not null check (job_type in ('scoring', 'recommendations', 'cache-warm')),
            status text not null default 'started' check (status in ('started', 'completed', 'failed', 'partial')),
            market text references markets,
            business_date date,
            revision integer check (revision > 0),
            trigger text not null check (trigger in ('schedule', 'catch-up', 'first-start', 'manual', 'api', 'deployment', 'cold-start',
                'pipeline-end')),
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
        comment on table overnight_job_runs is
            'One row per run; (market, business date, revision) is what makes a night happen once, whoever rings.';

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
        comment on table run_batches is
            'A checkpoint each: a range of users whose results commit together with status done. cached_at is the second mark, set when '
            'they are in the cache. A suspect batch was split off one that ended its worker again and again.';

        create table batch_attempts (
            run_id uuid not null,
            number integer not null,
            started_at timestamptz not null default now(),
            worker text not null);
        create index batch_attempts_batch on batch_attempts (run_id, number);
        comment on table batch_attempts is
            'Written before a batch is worked on, in a transaction of its own, so that a batch that ends its worker is seen. No foreign '
            'key: the batch row is locked by then.';

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
        comment on table calculation_events is
            '1 CALC_STARTED, 2 INPUTS_CAPTURED, 3 SCORES_COMPUTED, 4 CALC_COMPLETED; payload in the compact form of EventCodec. No '
            'foreign key to users, on purpose: erasure leaves the chain intact.';

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
        comment on table calculation_results is
            'Immutable, byte for byte what the cache holds and the dashboard answers: recommendations is the value of recs:{userId}, '
            'portfolio that of portfolio:{userId}.';

        create table asset_postings (
            business_date date not null,
            asset_id uuid not null,
            run_id uuid not null,
            batch integer not null,
            positions bytea not null,
            primary key (asset_id, business_date, run_id, batch)) partition by range (business_date);
        comment on table asset_postings is
            'Which results of a batch an asset is in: a bitmap over calculation_results.position, least significant bit first.';

        create table current_results (
            user_id uuid primary key,
            business_date date not null,
            run_id uuid not null) with (fillfactor = 70);
        comment on table current_results is
            'The result in force per user: the latest (business date, run id). Every cache write, warm or repair takes this one, under a '
            'share lock, so that an older result is never written after a newer one.';

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
                    execute format('create table %I partition of %I for values from (%L) to (%L) with (toast_tuple_target = 4080)', child,
                        parent, first_day, first_day + interval '1 month');
                end if;
            end loop;
        end $$;
        comment on function ensure_month is 'Makes the monthly partitions that hold the given day.';
        select ensure_month(current_date), ensure_month((current_date + interval '1 month')::date);
        """;
}
