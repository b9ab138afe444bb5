using System.Globalization;
using Overnight.Api.Pages.Display;
using Overnight.Core.Explanations;
using Overnight.Core.Market;

namespace Overnight.Api.Pages.Explanations;

/// <summary>Says in words what documents of explanations say in names and numbers.</summary>
internal sealed class ExplanationWords(DisplayFormats formats)
{
    private static readonly Dictionary<string, string> MetricNames = new(StringComparer.Ordinal)
    {
        ["dividend_yield"] = "dividend yield",
        ["pe_ratio"] = "price/earnings",
        ["pb_ratio"] = "price/book",
        ["market_cap"] = "market value",
        ["revenue"] = "revenue",
        ["earnings"] = "earnings",
        ["surplus_years"] = "years with a surplus",
        ["roe"] = "return on equity",
        ["roa"] = "return on assets",
        ["debt_to_equity"] = "debt to equity",
        ["current_ratio"] = "current ratio",
        ["gross_margin"] = "gross margin",
        ["net_margin"] = "net margin",
        ["payout_ratio"] = "payout ratio",
        ["ev_ebitda"] = "EV/EBITDA",
    };

    private static readonly Dictionary<string, string> FactorNames = new(StringComparer.Ordinal)
    {
        ["rules"] = "the calculation's rules",
        ["rates"] = "exchange rates",
        ["prices"] = "prices",
        ["fundamentals"] = "company figures",
        ["holdings"] = "your holdings",
        ["criteria"] = "your criteria",
        ["targets"] = "your targets and minimums",
        ["contribution"] = "your contribution",
    };

    public DisplayFormats Formats => formats;

    public static IEnumerable<(string Name, string Words)> AllMetrics => Metrics.Names.Select(name => (name, Metric(name)));

    public static string Metric(string name) => MetricNames.GetValueOrDefault(name, name);

    public static string Factor(string name) => FactorNames.GetValueOrDefault(name, name);

    /// <summary>Factors of one step: <c>prices and company figures</c>.</summary>
    public static string Factors(IReadOnlyList<string> names) => List([.. names.Select(Factor)]);

    public static string List(IReadOnlyList<string> words) =>
        words.Count < 2 ? string.Concat(words) : $"{string.Join(", ", words.Take(words.Count - 1))} and {words[^1]}";

    public static decimal Decimal(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>An amount with at least two decimals, and all four where they say something.</summary>
    public string Amount(string text, string currency) =>
        formats.Amount(Decimal(text), Math.Max(2, DisplayFormats.Decimals([Decimal(text)])), currency);

    public string Number(string text) => formats.Exact(Decimal(text));

    public string Points(decimal value)
    {
        var number = formats.Number(Math.Abs(value), 1);
        return number == formats.Number(1, 1) ? $"{number} point" : $"{number} points";
    }

    /// <summary>What a criterion asks for: <c>price/earnings below 18</c>.</summary>
    public string Rule(WhyCriterion one)
    {
        var (metric, bound) = (Metric(one.Metric), one.Bound is null ? "" : Number(one.Bound));
        return one.Operator switch
        {
            "gt" => $"{metric} above {bound}",
            "gte" => $"{metric} of {bound} or more",
            "lt" => $"{metric} below {bound}",
            "lte" => $"{metric} of {bound} or less",
            "equals" => $"{metric} of exactly {bound}",
            "between" => $"{metric} from {bound} to {Number(one.UpperBound!)}",
            _ => $"{metric} is known",
        };
    }

    public static string Outcome(WhyCriterion one) =>
        one.Outcome switch
        {
            "matched" => "met",
            "skipped" => $"not counted: {List([.. one.Missing.Select(Metric)])} {(one.Missing.Count == 1 ? "is" : "are")} unknown",
            _ => one.Value is null ? "not met: unknown" : "not met",
        };

    public string Range(string min, string max) => $"{formats.Number(Decimal(min), 1)} to {formats.Percent(Decimal(max))}";

    /// <summary>How a class stands to its target: <c>9.4 points below the middle of its target range</c>.</summary>
    public string Gap(string gap)
    {
        var value = Decimal(gap);
        if (value == 0)
            return "exactly at the middle of its target range";
        return $"{Points(value)} {(value > 0 ? "below" : "above")} the middle of its target range";
    }

    public static string Class(WhyClass own) => own.ClassId is null ? "holdings without a class" : own.ClassName;

    /// <summary>Why a holding has its amount, in one to three sentences.</summary>
    /// <param name="isInList">Of holdings, whose page has the rule for all of them.</param>
    public string Why(WhyHolding holding, string currency, string? contribution, bool isInList = false)
    {
        var score = formats.Number(Decimal(holding.Score), DisplayFormats.Decimals([Decimal(holding.Score)]));
        if (holding.Rank is not { } rank || holding.Class is not { } own)
            return $"There was no price for it that night, so it could not be valued and was left out. Its score is {score}.";
        if (own.ClassId is null)
            return "You have put it in no class. Only holdings of a class with a target are bought.";
        var share = formats.Percent(Decimal(own.Share));
        var place = $"The class {own.ClassName} is {share} of your portfolio, {Gap(own.Gap)} ({Range(own.TargetMin, own.TargetMax)})";
        if (own.OverAllocated)
            return $"Nothing of {own.ClassName} is bought: at {share} of your portfolio it is above its target range of {Range(own.TargetMin, own.TargetMax)}.";
        var start = $"{place}, and the score of this holding is {score}.";
        var (amount, parts) = (Decimal(holding.Amount), holding.Contribution);
        if (contribution is null || Decimal(contribution) == 0)
            return $"{start} That makes it number {rank} in the order of buying; no contribution was planned that night.";
        if (Decimal(parts.PooledOut) > 0 && amount == 0)
        {
            return $"{start} Its share would have been {Amount(parts.Share, currency)}, less than the {Amount(own.MinAmount, currency)} that you find worth buying in this class, so another holding got it.";
        }
        if (Decimal(parts.PooledIn) > 0)
            return $"{start} It also got {Amount(parts.PooledIn, currency)} from shares that were too small to buy.";
        if (amount > 0)
            return Decimal(holding.Priority!) > 0
                ? isInList
                    ? start
                    : $"{start} The further a class is below its target and the higher the score, the larger the part."
                : $"{start} No priority is above 0, which takes a class below the middle of its target range and a score above 0, "
                    + "so the contribution was shared equally.";
        return Decimal(holding.Priority!) > 0
            ? $"{start} Its share is so small that nothing is left of it after rounding."
            : $"{start} A holding gets a part where its class is below the middle of its target and the score is above 0.";
    }
}
