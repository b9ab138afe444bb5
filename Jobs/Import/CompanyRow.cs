using System.Text.RegularExpressions;

namespace Overnight.Jobs.Import;

/// <summary>A company as it will be stored. Yields in percent; money in the currency of the file.</summary>
internal sealed record CompanyRow(
    string Symbol,
    string Name,
    string? Sector,
    decimal? Price,
    decimal? DividendYield,
    decimal? PeRatio,
    decimal? PbRatio,
    decimal? MarketCap,
    decimal? Revenue,
    decimal? Eps,
    decimal? Ebitda
)
{
    private const int SymbolColumn = 0,
        NameColumn = 1,
        SectorColumn = 2,
        PriceColumn = 3,
        PeColumn = 4,
        YieldColumn = 5,
        EpsColumn = 6,
        MarketCapColumn = 7,
        EbitdaColumn = 8,
        PriceSalesColumn = 9,
        PbColumn = 10;

    /// <summary>Decimals that the tables keep.</summary>
    private const int Scale = 8;
    private const int MaxText = 200;
    private const decimal MaxPrice = 99_999_999_999m,
        MaxMetric = 1e19m;
    private static readonly Regex SymbolPattern = new(
        "^[A-Z0-9][A-Z0-9.^=-]{0,19}$",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    );

    /// <summary>In the order of the constants above.</summary>
    public static string[] Columns { get; } =
    [
        "Symbol",
        "Name",
        "Sector",
        "Price",
        "Price/Earnings",
        "Dividend Yield",
        "Earnings/Share",
        "Market Cap",
        "EBITDA",
        "Price/Sales",
        "Price/Book",
    ];

    /// <summary>The current row of the table; null when it is bad, which is then recorded there.</summary>
    public static CompanyRow? Read(CsvTable table)
    {
        var symbol = table.Text(SymbolColumn);
        if (!SymbolPattern.IsMatch(symbol))
            table.Reject(
                SymbolColumn,
                "is no symbol: 1 to 20 capital letters, digits, or any of . ^ = -, beginning with a letter or digit"
            );
        var name = ReadText(table, NameColumn);
        if (name is null)
            table.Reject(NameColumn, "is empty: a company needs a name");
        var sector = ReadText(table, SectorColumn);
        var price = ReadPrice(table);
        var (pe, pb, yield) = (ReadMetric(table, PeColumn), ReadMetric(table, PbColumn), ReadMetric(table, YieldColumn, factor: 100));
        var (marketCap, priceSales) = (ReadMetric(table, MarketCapColumn), ReadMetric(table, PriceSalesColumn));
        var (eps, ebitda) = (ReadMetric(table, EpsColumn), ReadMetric(table, EbitdaColumn));
        var revenue = DeriveRevenue(table, marketCap, priceSales);
        return table.RowIsGood ? new(symbol, name!, sector, price, yield, pe, pb, marketCap, revenue, eps, ebitda) : null;
    }

    private static string? ReadText(CsvTable table, int column)
    {
        var text = table.Text(column);
        if (text.Length > MaxText)
            table.Reject(column, $"has {text.Length} characters; at most {MaxText} are kept");
        else if (text.Any(char.IsControl))
            table.Reject(column, "has a line break or another control character");
        return text.Length == 0 ? null : text;
    }

    private static decimal? ReadPrice(CsvTable table)
    {
        if (table.Number(PriceColumn) is not { } price)
            return null;
        price = Round(price);
        if (price is > 0 and <= MaxPrice)
            return price;
        table.Reject(PriceColumn, $"is no price: it must be above 0 and at most {MaxPrice}");
        return null;
    }

    private static decimal? ReadMetric(CsvTable table, int column, decimal factor = 1)
    {
        if (table.Number(column) is not { } value)
            return null;
        if (Math.Abs(value) <= MaxMetric / factor)
            return Round(value * factor);
        table.Reject(column, $"is out of range: at most {MaxMetric / factor:0} either side of 0");
        return null;
    }

    /// <summary>
    /// Sales the file does not have: capitalisation over price per sales. None when either is missing, or sales would be infinite.
    /// </summary>
    private static decimal? DeriveRevenue(CsvTable table, decimal? marketCap, decimal? priceSales)
    {
        if (marketCap is not { } cap || priceSales is not { } ratio || ratio == 0)
            return null;
        if (Math.Abs(cap / MaxMetric) <= Math.Abs(ratio))
            return Round(cap / ratio);
        table.Reject(PriceSalesColumn, "gives a revenue out of range");
        return null;
    }

    private static decimal Round(decimal value) => decimal.Round(value, Scale, MidpointRounding.AwayFromZero);
}
