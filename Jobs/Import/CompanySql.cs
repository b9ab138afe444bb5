namespace Overnight.Jobs.Import;

/// <summary>
/// The statements of an import of companies. Merging writes only what differs from the rows stored last, so that the same file again
/// writes nothing; <c>xmax = 0</c> tells an inserted asset from an updated one.
/// </summary>
internal static class CompanySql
{
    public const string CreateStage = """
        create temp table imported_companies (
            id uuid, symbol text, name text, sector text, price numeric(19, 8),
            dividend_yield numeric(28, 8), pe_ratio numeric(28, 8), pb_ratio numeric(28, 8), market_cap numeric(28, 8),
            revenue numeric(28, 8), eps numeric(28, 8), ebitda numeric(28, 8)) on commit drop
        """;

    private const string Metrics = "dividend_yield, pe_ratio, pb_ratio, market_cap, revenue, eps, ebitda";

    private const string ImportedMetrics = "i.dividend_yield, i.pe_ratio, i.pb_ratio, i.market_cap, i.revenue, i.eps, i.ebitda",
        LastMetrics = "last.dividend_yield, last.pe_ratio, last.pb_ratio, last.market_cap, last.revenue, last.eps, last.ebitda";

    public const string CopyStage = $"copy imported_companies (id, symbol, name, sector, price, {Metrics}) from stdin (format binary)";

    /// <summary>$1 market, $2 currency.</summary>
    public const string MergeAssets = """
        with written as (
            insert into assets as a (id, market, symbol, name, sector, currency)
            select id, $1, symbol, name, sector, $2 from imported_companies order by symbol
            on conflict (market, symbol) do update set name = excluded.name, sector = excluded.sector, currency = excluded.currency
            where (a.name, a.sector, a.currency) is distinct from (excluded.name, excluded.sector, excluded.currency)
            returning a.xmax = 0 as is_new)
        select count(*) filter (where is_new), count(*) filter (where not is_new) from written
        """;

    private const string CountOfDiffering = "select count(*) filter (where is_new), count(*) filter (where not is_new) from differing";

    // What is stored later counts, also where an earlier row is from a clock that is ahead.
    private const string KnownAt = "greatest($3, last.known_at + interval '1 microsecond') as known_at, last.known_at is null as is_new";

    /// <summary>$1 market, $2 the time the prices are of, $3 now.</summary>
    public const string MergePrices = $"""
        with differing as (
            select a.id, i.price, {KnownAt} from imported_companies i join assets a on a.market = $1 and a.symbol = i.symbol
            left join lateral (select price, source, known_at from prices
                where asset_id = a.id and as_of = $2 order by known_at desc limit 1) last on true
            where i.price is not null and (i.price, 'import') is distinct from (last.price, last.source)),
        written as (insert into prices (asset_id, as_of, price, source, known_at) select id, $2, price, 'import', known_at from differing)
        {CountOfDiffering}
        """;

    private const string Derived = "case when i.revenue is null then '{}'::text[] else '{revenue}' end";

    /// <summary>$1 market, $2 the time the fundamentals are of, $3 now.</summary>
    public const string MergeFundamentals = $"""
        with differing as (
            select a.id, {ImportedMetrics}, {Derived} as derived, {KnownAt}
            from imported_companies i join assets a on a.market = $1 and a.symbol = i.symbol
            left join lateral (select * from fundamentals where asset_id = a.id and as_of = $2 order by known_at desc limit 1) last on true
            where ({ImportedMetrics}, {Derived}, 'import') is distinct from ({LastMetrics}, last.derived, last.source)),
        written as (insert into fundamentals (asset_id, as_of, {Metrics}, derived, source, known_at)
            select id, $2, {Metrics}, derived, 'import', known_at from differing)
        {CountOfDiffering}
        """;
}
