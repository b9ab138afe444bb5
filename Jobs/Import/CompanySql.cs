namespace Overnight.Jobs.Import;

/// <summary>
/// The statements of an import of companies. Merging touches only rows that differ, so that the same file again writes
/// nothing; <c>xmax = 0</c> tells an inserted row from an updated one.
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

    /// <summary>$1 market, $2 time.</summary>
    public const string MergePrices = """
        with written as (
            insert into prices as p (asset_id, as_of, price, source)
            select a.id, $2, i.price, 'import' from imported_companies i join assets a on a.market = $1 and a.symbol = i.symbol
            where i.price is not null
            on conflict (asset_id, as_of) do update set price = excluded.price, source = excluded.source
            where (p.price, p.source) is distinct from (excluded.price, excluded.source)
            returning p.xmax = 0 as is_new)
        select count(*) filter (where is_new), count(*) filter (where not is_new) from written
        """;

    private const string ExcludedFundamentals = """
        excluded.dividend_yield, excluded.pe_ratio, excluded.pb_ratio, excluded.market_cap, excluded.revenue, excluded.eps, excluded.ebitda,
        excluded.derived, excluded.source
        """;

    /// <summary>$1 market, $2 time.</summary>
    public const string MergeFundamentals = $$"""
        with written as (
            insert into fundamentals as f (asset_id, as_of, {{Metrics}}, derived, source)
            select a.id, $2, {{Metrics}}, case when i.revenue is null then '{}'::text[] else '{revenue}' end, 'import'
            from imported_companies i join assets a on a.market = $1 and a.symbol = i.symbol
            on conflict (asset_id, as_of) do update set ({{Metrics}}, derived, source) =
                ({{ExcludedFundamentals}})
            where (f.dividend_yield, f.pe_ratio, f.pb_ratio, f.market_cap, f.revenue, f.eps, f.ebitda, f.derived, f.source) is distinct from
                ({{ExcludedFundamentals}})
            returning f.xmax = 0 as is_new)
        select count(*) filter (where is_new), count(*) filter (where not is_new) from written
        """;
}
