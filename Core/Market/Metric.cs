namespace Overnight.Core.Market;

/// <summary>The fundamentals that criteria can use. The numbers are stored: never renumber.</summary>
public enum Metric
{
    DividendYield,
    PeRatio,
    PbRatio,
    MarketCap,
    Revenue,
    Earnings,
    SurplusYears,
    Roe,
    Roa,
    DebtToEquity,
    CurrentRatio,
    GrossMargin,
    NetMargin,
    PayoutRatio,
    EvEbitda,
}

/// <summary>Names of metrics in criteria, files and columns.</summary>
public static class Metrics
{
    public const int Count = 15;

    /// <summary>Indexed by <see cref="Metric"/>.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "dividend_yield",
        "pe_ratio",
        "pb_ratio",
        "market_cap",
        "revenue",
        "earnings",
        "surplus_years",
        "roe",
        "roa",
        "debt_to_equity",
        "current_ratio",
        "gross_margin",
        "net_margin",
        "payout_ratio",
        "ev_ebitda",
    ];

    private static readonly byte[][] Utf8Names = [.. Names.Select(System.Text.Encoding.UTF8.GetBytes)];

    /// <summary>Finds a metric by its name in UTF-8; names are compared byte for byte.</summary>
    public static bool TryParse(ReadOnlySpan<byte> name, out Metric metric)
    {
        for (var i = 0; i < Utf8Names.Length; i++)
        {
            if (!name.SequenceEqual(Utf8Names[i]))
                continue;
            metric = (Metric)i;
            return true;
        }
        metric = default;
        return false;
    }
}
