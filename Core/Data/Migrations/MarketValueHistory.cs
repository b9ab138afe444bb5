using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Overnight.Core.Data.Migrations;

/// <summary>
/// Makes prices, fundamentals and exchange rates append-only: each row says who stored it and when, and a correction is another row. The
/// keys end with both, in the order in which the newest is looked for, so that no other index is needed.
/// </summary>
[DbContext(typeof(OvernightContext))]
[Migration("20261129002700_MarketValueHistory")]
public sealed class MarketValueHistory : Migration
{
    private static readonly (string Table, string Key)[] Tables =
    [
        ("prices", "asset_id"),
        ("fundamentals", "asset_id"),
        ("exchange_rates", "base, quote"),
    ];

    private const string RateFunction = """
        create function erp.exchange_rate(from_currency text, to_currency text, until timestamptz)
            returns table (rate numeric, as_of timestamptz) language sql stable as $$
            select case when q.direct then q.rate else erp.ten_digits(q.rate) end, q.as_of
            from erp.quoted_rate(from_currency, to_currency, until) q
            union all
            select erp.ten_digits(t.rate / f.rate), least(t.as_of, f.as_of)
            from erp.quoted_rate('USD', from_currency, until) f, erp.quoted_rate('USD', to_currency, until) t
            where from_currency <> 'USD' and to_currency <> 'USD'
                and not exists (select from erp.quoted_rate(from_currency, to_currency, until))
        $$;
        comment on function erp.exchange_rate is
            'Units of to_currency for one unit of from_currency by the last quotes before a time; no row where none is known.';
        """;

    protected override void Up(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        foreach (var (table, key) in Tables)
            migrationBuilder.Sql(Extend(table, key));
        migrationBuilder.Sql(
            $$"""
            comment on table prices is
                'Prices in the currency of the asset, as of a time, by who said so. Append-only: a correction is another row.';
            comment on table exchange_rates is
                'Units of quote for one unit of base, as of a time, by who said so. Append-only: a correction is another row. Cross rates '
                'are computed through USD when a snapshot is taken.';
            drop trigger exchange_rates_updated on exchange_rates;
            create or replace function erp.after_rates_change() returns trigger language plpgsql as $$
            begin
                if exists (select from changed) then
                    perform erp.raise_generation('00000000-0000-0000-0000-000000000000', array['finance:xrate']);
                end if;
                return null;
            end $$;
            drop function erp.exchange_rate(text, text, timestamptz);
            drop function erp.quoted_rate(text, text, timestamptz);
            {{QuotedRate("known_at")}}
            {{RateFunction}}
            """
        );
    }

    /// <summary>Of several rows of one time the one stored last stays.</summary>
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        ArgumentNullException.ThrowIfNull(migrationBuilder);
        foreach (var (table, key) in Tables)
        {
            var columns = $"t.{key.Replace(", ", ", t.", StringComparison.Ordinal)}, t.as_of";
            migrationBuilder.Sql(
                $"""
                drop trigger {table}_append_only on {table};
                delete from {table} t where exists (select from {table} n
                    where ({columns.Replace(
                    "t.",
                    "n.",
                    StringComparison.Ordinal
                )}) = ({columns}) and (n.known_at, n.source) > (t.known_at, t.source));
                alter table {table} drop constraint {table}_pkey, add primary key ({key}, as_of), drop known_at;
                """
            );
        }
        migrationBuilder.Sql(
            $$"""
            create or replace function erp.after_rates_change() returns trigger language plpgsql as $$
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
            create trigger exchange_rates_updated after update on exchange_rates referencing old table as former new table as changed
                for each statement execute function erp.after_rates_change();
            drop function erp.exchange_rate(text, text, timestamptz);
            drop function erp.quoted_rate(text, text, timestamptz);
            {{QuotedRate("as_of")}}
            {{RateFunction}}
            """
        );
    }

    // A row from before counts as known at its own time, which may be infinite or to come. Changing the type writes the table once, where
    // an update would leave a dead copy of each row.
    private static string Extend(string table, string key) =>
        $"""
            alter table {table} add known_at timestamptz;
            alter table {table}
                alter known_at type timestamptz using greatest(least(as_of, now()), '1900-01-01'),
                alter known_at set default clock_timestamp(),
                alter known_at set not null,
                add check (isfinite(known_at)),
                drop constraint {table}_pkey,
                add primary key ({key}, as_of, known_at, source);
            create trigger {table}_append_only before update on {table} for each row execute function refuse_change();
            comment on column {table}.known_at is
                'When the row was stored. Of several rows of one as_of the one stored last counts; a run of a past date uses what was '
                'stored when its night was due.';
            """;

    /// <param name="decides">The column that decides between quotes of one time, before the direction does.</param>
    private static string QuotedRate(string decides) =>
        $"""
            create function erp.quoted_rate(from_currency text, to_currency text, until timestamptz)
                returns table (rate numeric, as_of timestamptz, direct boolean) language sql stable as $$
                select q.rate, q.as_of, q.direct from (
                    (select r.rate, r.as_of, r.{decides} as decides, true as direct from exchange_rates r
                        where r.base = from_currency and r.quote = to_currency and r.as_of < until order by r.as_of desc, r.{decides} desc limit 1)
                    union all
                    (select 1 / r.rate, r.as_of, r.{decides}, false from exchange_rates r
                        where r.base = to_currency and r.quote = from_currency and r.as_of < until order by r.as_of desc, r.{decides} desc limit 1)) q
                order by q.as_of desc, q.decides desc, q.direct desc limit 1
            $$;
            comment on function erp.quoted_rate is 'The latest quote of a pair before a time, or the inverse of that of the opposite pair.';
            """;
}
