using System.Text;

namespace Overnight.Jobs.Demo;

/// <summary>
/// Criteria as a user could have written them: thresholds within what the metric takes in real markets, so that some
/// assets match and others do not.
/// </summary>
internal static class DemoCriteria
{
    private const decimal Million = 1_000_000,
        Billion = 1_000_000_000;

    private enum InvestingStyle
    {
        High,
        Low,
        Either,
    }

    /// <param name="Title">Name of the metric, for a person.</param>
    /// <param name="Low">Most assets are above it.</param>
    /// <param name="High">Most assets are below it.</param>
    /// <param name="Liked">What an investor usually wants of it.</param>
    private sealed record Range(string Metric, string Title, decimal Low, decimal High, int Decimals, InvestingStyle Liked);

    private static readonly Range[] Ranges =
    [
        new("dividend_yield", "Dividend yield", 0.5m, 4.5m, 2, InvestingStyle.High),
        new("pe_ratio", "Price/earnings", 10, 45, 1, InvestingStyle.Low),
        new("pb_ratio", "Price/book", 1, 15, 1, InvestingStyle.Low),
        new("market_cap", "Market capitalisation", 8_000_000_000, 250_000_000_000, -9, InvestingStyle.Either),
        new("revenue", "Revenue", 3_000_000_000, 80_000_000_000, -9, InvestingStyle.High),
        new("earnings", "Earnings", 300_000_000, 8_000_000_000, -8, InvestingStyle.High),
        new("surplus_years", "Years with a surplus", 2, 18, 0, InvestingStyle.High),
        new("roe", "Return on equity", 5, 30, 1, InvestingStyle.High),
        new("roa", "Return on assets", 2, 15, 1, InvestingStyle.High),
        new("debt_to_equity", "Debt/equity", 0.2m, 2.5m, 2, InvestingStyle.Low),
        new("current_ratio", "Current ratio", 0.8m, 3, 2, InvestingStyle.High),
        new("gross_margin", "Gross margin", 20, 70, 1, InvestingStyle.High),
        new("net_margin", "Net margin", 3, 30, 1, InvestingStyle.High),
        new("payout_ratio", "Payout ratio", 15, 80, 0, InvestingStyle.Low),
        new("ev_ebitda", "EV/EBITDA", 6, 25, 1, InvestingStyle.Low),
    ];

    /// <summary>The JSON array of <paramref name="count"/> criteria; three of four are about metrics that the market knows.</summary>
    public static string Make(ref DemoRandom random, int count, IReadOnlyList<string> knownMetrics)
    {
        var known = Ranges.Where(r => knownMetrics.Contains(r.Metric)).ToArray();
        StringBuilder json = new("[", count * 190);
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
                json.Append(',');
            var range = random.Pick(known.Length > 0 && (i == 0 || random.Chance(75)) ? known : Ranges);
            Append(json, ref random, range, i + 1);
        }
        return json.Append(']').ToString();
    }

    private static void Append(StringBuilder json, ref DemoRandom random, Range range, int number)
    {
        var value = Threshold(ref random, range, range.Low, range.High);
        var above = range.Liked switch
        {
            InvestingStyle.High => random.Chance(85),
            InvestingStyle.Low => random.Chance(15),
            _ => random.Chance(50),
        };
        // What an investor likes earns points; the opposite mostly costs some.
        var points =
            above == (range.Liked == InvestingStyle.High) || range.Liked == InvestingStyle.Either
                ? random.Between(5, 40)
                : -random.Between(5, 30);
        var (comparison, title) = random.Below(20) switch
        {
            < 8 => (above ? "gte" : "lte", $"{range.Title} {(above ? "at least" : "at most")} {Show(value)}"),
            < 13 => (above ? "gt" : "lt", $"{range.Title} {(above ? "above" : "below")} {Show(value)}"),
            < 17 => ("between", $"{range.Title} in range"),
            < 19 => ("exists", $"{range.Title} is known"),
            _ => ("equals", $"{range.Title} exactly {Show(value)}"),
        };
        var upper = comparison == "between" ? $"\"{Threshold(ref random, range, value, range.High)}\"" : "null";
        json.Append("{\"id\":\"c")
            .Append(number)
            .Append("\",\"name\":\"")
            .Append(title)
            .Append("\",\"metric\":\"")
            .Append(range.Metric)
            .Append("\",\"operator\":\"")
            .Append(comparison)
            .Append("\",\"value\":\"")
            .Append(value)
            .Append("\",\"value2\":")
            .Append(upper)
            .Append(",\"points\":")
            .Append(points)
            .Append(",\"requiredFundamentals\":[\"")
            .Append(range.Metric)
            .Append("\"]}");
    }

    /// <summary>Writes large numbers as people do: 1.5 billion instead of ten digits.</summary>
    private static string Show(decimal value) =>
        value >= Billion ? $"{value / Billion:0.#} billion"
        : value >= Million ? $"{value / Million:0.#} million"
        : $"{value}";

    private static decimal Threshold(ref DemoRandom random, Range range, decimal low, decimal high)
    {
        if (range.Decimals >= 0)
            return random.Between(low, high, range.Decimals);
        decimal unit = 1;
        for (var d = range.Decimals; d < 0; d++)
            unit *= 10;
        return random.Between(low / unit, high / unit, 0) * unit;
    }
}
