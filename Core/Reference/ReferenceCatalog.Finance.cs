using Overnight.Core.Warming;
using static Overnight.Core.Reference.ReferenceSql;

namespace Overnight.Core.Reference;

/// <summary>Entities of the ledger.</summary>
public static partial class ReferenceCatalog
{
    private static ReferenceEntity[] Finance =>
        [
            new(
                "finance",
                "coa",
                ReferenceVolatility.Static,
                Items(
                    """
                    select a.code, a.name, a.type, a.parent_code as "parentCode", a.active from erp.accounts a
                        where a.tenant_id = k.tenant_id order by a.code
                    """
                )
            )
            {
                Phase = WarmPhase.Essential,
                Events = AccountEvents,
            },
            // The current year and half a year on each side.
            new(
                "finance",
                "periods",
                ReferenceVolatility.Reference,
                Items(
                    """
                    select p.code, p.starts_on as "startsOn", p.ends_on as "endsOn", p.status from erp.periods p
                    where p.tenant_id = k.tenant_id
                        and p.ends_on >= date_trunc('year', k.today)::date - interval '6 months'
                        and p.starts_on < date_trunc('year', k.today)::date + interval '18 months'
                    order by p.starts_on
                    """
                )
            )
            {
                Phase = WarmPhase.Essential,
                Events = PeriodEvents,
            },
            // One hour (Dashboard), because a period ends at midnight without an event.
            new(
                "finance",
                "current-period",
                ReferenceVolatility.Dashboard,
                One(
                    """
                    select p.code, p.starts_on as "startsOn", p.ends_on as "endsOn", p.status from erp.periods p
                        where p.tenant_id = k.tenant_id and k.today between p.starts_on and p.ends_on
                    """
                )
            )
            {
                Phase = WarmPhase.Essential,
                Events = PeriodEvents,
            },
            // "latest" ends with tomorrow, because a date without a time can be a day ahead. A rate dated further ahead would stay the
            // latest.
            new(
                "finance",
                "xrate",
                ReferenceVolatility.Dashboard,
                One(
                    $"""
                    select k."from", k."to", k.date, {Decimal("r.rate")} as rate, {Time("r.as_of")} as "asOf"
                    from erp.currencies f join erp.currencies t on t.tenant_id = f.tenant_id and t.code = k."to" and t.code <> f.code,
                        lateral erp.exchange_rate(f.code, t.code, case k.date when 'latest' then (k.today + 2)::timestamp at time zone 'UTC'
                            else (k.date::date + 1)::timestamp at time zone 'UTC' end) r
                    where f.tenant_id = k.tenant_id and f.code = k."from"
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Currency("from"), CacheKeyPart.Currency("to"), CacheKeyPart.Day("date")],
                Phase = WarmPhase.Essential,
                Keys = """
                    select case way when 1 then c.code else b.code end as "from",
                        case way when 1 then b.code else c.code end as "to", 'latest' as date
                    from erp.currencies c join erp.currencies b on b.tenant_id = c.tenant_id and b.is_base, generate_series(1, 2) way
                    where c.tenant_id = t.tenant_id and not c.is_base
                    """,
                Events = ["EXCHANGE_RATE_UPDATED", "CURRENCY_ADDED", "CURRENCY_REMOVED"],
            },
            // Balances up to the end of the period, positive ones as debit, negative ones as credit.
            new(
                "finance",
                "trial-balance",
                ReferenceVolatility.Dashboard,
                One(
                    $"""
                    with period as ({Period}),
                    balances as (
                        select a.code, a.name, a.type, sum(l.debit - l.credit) as balance
                        from period p join erp.periods e on e.tenant_id = p.tenant_id and e.starts_on <= p.starts_on
                            join erp.journal_lines l on l.tenant_id = e.tenant_id and l.period_code = e.code
                            join erp.accounts a on a.tenant_id = l.tenant_id and a.code = l.account_code
                        group by a.code, a.name, a.type)
                    select p.code as period, p.starts_on as "startsOn", p.ends_on as "endsOn",
                        (select code from erp.currencies where tenant_id = k.tenant_id and is_base) as currency,
                        {Array(
                        $"""
                        select b.code as "accountCode", b.name, b.type, {Decimal("greatest(b.balance, 0)")} as debit,
                            {Decimal("greatest(-b.balance, 0)")} as credit
                        from balances b where b.balance <> 0 order by b.code
                        """
                    )} as items,
                        {Decimal("(select coalesce(sum(greatest(balance, 0)), 0) from balances)")} as "totalDebit",
                        {Decimal("(select coalesce(sum(greatest(-balance, 0)), 0) from balances)")} as "totalCredit"
                    from period p
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Period("period")],
                Phase = WarmPhase.Computed,
                Keys = "select * from (values ('current'), ('previous')) periods (period)",
                Events = [.. AccountEvents, .. PeriodEvents, JournalPosted],
            },
            // Movements of the period, with opening and closing balance.
            new(
                "finance",
                "gl-balances",
                ReferenceVolatility.Dashboard,
                One(
                    $"""
                    with period as ({Period}),
                    moves as (
                        select l.account_code, coalesce(sum(l.debit) filter (where l.period_code = p.code), 0) as debit,
                            coalesce(sum(l.credit) filter (where l.period_code = p.code), 0) as credit,
                            sum(l.debit - l.credit) as closing
                        from period p join erp.periods e on e.tenant_id = p.tenant_id and e.starts_on <= p.starts_on
                            join erp.journal_lines l on l.tenant_id = e.tenant_id and l.period_code = e.code
                        group by l.account_code)
                    select p.code as period, (select code from erp.currencies where tenant_id = k.tenant_id and is_base) as currency,
                        {Array(
                        $"""
                        select m.account_code as "accountCode", {Decimal("m.closing - m.debit + m.credit")} as opening,
                            {Decimal("m.debit")} as debit, {Decimal("m.credit")} as credit, {Decimal("m.closing")} as closing
                        from moves m order by m.account_code
                        """
                    )} as items
                    from period p
                    """
                )
            )
            {
                Parts = [CacheKeyPart.Period("period")],
                Phase = WarmPhase.Computed,
                Keys = "select 'current' as period",
                Events = [.. AccountEvents, .. PeriodEvents, JournalPosted],
            },
        ];

    private const string JournalPosted = "JOURNAL_POSTED";

    private static string[] AccountEvents => ["ACCOUNT_CREATED", "ACCOUNT_UPDATED", "ACCOUNT_DELETED"];

    private static string[] PeriodEvents => ["PERIOD_OPENED", "PERIOD_CLOSED"];
}
