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
        ["market_cap"] = "market capitalisation",
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

    private static readonly HashSet<string> InPercent = ["dividend_yield", "roe", "roa", "gross_margin", "net_margin", "payout_ratio"];

    private static readonly HashSet<string> InMoney = ["market_cap", "revenue", "earnings"];

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

    /// <summary>With a comma before the last of three or more: <c>your targets and minimums</c> has an "and" of its own.</summary>
    public static string List(IReadOnlyList<string> words) =>
        words.Count < 2 ? string.Concat(words)
        : words.Count == 2 ? $"{words[0]} and {words[1]}"
        : $"{string.Join(", ", words.Take(words.Count - 1))}, and {words[^1]}";

    public static string Capital(string words) => $"{char.ToUpperInvariant(words[0])}{words[1..]}";

    public static decimal Decimal(string text) => decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    /// <summary>An amount with at least two decimals, and all four where they say something.</summary>
    public string Amount(string text, string currency) =>
        formats.Amount(Decimal(text), Math.Max(2, DisplayFormats.Decimals([Decimal(text)])), currency);

    public string Number(string text) => formats.Exact(Decimal(text));

    public static bool IsInPercent(string metric) => InPercent.Contains(metric);

    public static bool IsInMoney(string metric) => InMoney.Contains(metric);

    /// <summary>A value of a metric with all its decimals: <c>2.5 %</c>.</summary>
    public string Value(string metric, decimal value) => IsInPercent(metric) ? formats.ExactPercent(value) : formats.Exact(value);

    /// <summary>What a criterion gives or takes: <c>1 point</c>.</summary>
    public string Points(string points) => Decimal(points) is 1 or -1 ? $"{Score(points)} point" : $"{Score(points)} points";

    public string Score(string text) => formats.Number(Decimal(text), DisplayFormats.Decimals([Decimal(text)]));

    public string Priority(string text) => formats.Number(Decimal(text), 2);

    /// <summary>What a criterion asks for: <c>price/earnings below 18</c>.</summary>
    public string Rule(WhyCriterion one)
    {
        var (metric, bound) = (Metric(one.Metric), one.Bound is null ? "" : Value(one.Metric, Decimal(one.Bound)));
        return one.Operator switch
        {
            "gt" => $"{metric} above {bound}",
            "gte" => $"{metric} of {bound} or more",
            "lt" => $"{metric} below {bound}",
            "lte" => $"{metric} of {bound} or less",
            "equals" => $"{metric} of exactly {bound}",
            "between" => $"{metric} from {Number(one.Bound!)} to {Value(one.Metric, Decimal(one.UpperBound!))}",
            _ => $"any known value of {metric}",
        };
    }

    public static string Outcome(WhyCriterion one) =>
        one.Outcome switch
        {
            "matched" => "met",
            "skipped" => $"not counted: no value of {List([.. one.Missing.Select(Metric)])} is known",
            _ => "not met",
        };

    public string Range(string min, string max) => $"{formats.Number(Decimal(min), 1)} to {formats.Percent(Decimal(max))}";

    /// <summary>How a class stands to its target: <c>9.4 percentage points below the middle of its target range</c>.</summary>
    public string Gap(string gap)
    {
        var value = Decimal(gap);
        if (value == 0)
            return "exactly at the middle of its target range";
        var points = formats.Number(Math.Abs(value), 1);
        return $"{points} percentage {(points == formats.Number(1, 1) ? "point" : "points")} {(value > 0 ? "below" : "above")} the middle of its target range";
    }

    public static string Class(WhyClass own) => own.ClassId is null ? "holdings without a class" : own.ClassName;

    /// <summary>Why a holding has its amount, in one to three sentences.</summary>
    /// <param name="isInList">Of holdings, whose page has the rule for all of them.</param>
    public string Why(WhyHolding holding, string currency, string? contribution, bool isInList = false)
    {
        var score = Score(holding.Score);
        if (holding.Rank is null || holding.Class is not { } own)
            return $"There was no price for it that night, so it could not be valued and was left out. Its score is {score}.";
        if (own.ClassId is null)
            return "You have put it in no class, which is like a class with a target of 0 %. Only holdings of a class of yours are bought.";
        var share = formats.Percent(Decimal(own.Share));
        var place = $"The class {own.ClassName} is {share} of your portfolio, {Gap(own.Gap)} ({Range(own.TargetMin, own.TargetMax)})";
        if (own.OverAllocated)
            return $"Nothing of {own.ClassName} is bought: at {share} of your portfolio it is above its target range of {Range(own.TargetMin, own.TargetMax)}.";
        var start = $"{place}, and the score of this holding is {score}.";
        var (amount, parts) = (Decimal(holding.Amount), holding.Contribution);
        if (contribution is null || Decimal(contribution) == 0)
            return $"{start} No contribution was planned that night.";
        if (Decimal(parts.PooledOut) > 0 && amount == 0)
        {
            return $"{start} Its share would have been {Amount(parts.Share, currency)}, less than the {Amount(own.MinAmount, currency)} that "
                + "you find worth buying in this class, so another holding got it.";
        }
        if (Decimal(parts.PooledIn) > 0 && Decimal(parts.PooledOut) > 0)
        {
            return $"{start} Its own share of {Amount(parts.Share, currency)} was too small to buy and was put together with others that were; "
                + $"of these it got {Amount(parts.PooledIn, currency)}.";
        }
        if (Decimal(parts.PooledIn) > 0)
            return $"{start} It also got {Amount(parts.PooledIn, currency)} from shares of others that were too small to buy.";
        if (amount > 0)
            return Decimal(holding.Priority!) > 0
                ? isInList
                    ? start
                    : $"{start} The further a class is below its target and the higher the score, the larger the part."
                : $"{start} No priority is above 0, which takes a class below the middle of its target range and a score above 0, "
                    + "so the contribution was shared equally.";
        return $"{start} {Nothing(Decimal(own.Gap) > 0, Decimal(holding.Score) > 0, Decimal(holding.Priority!) > 0)}";
    }

    /// <summary>Why a holding of an eligible class has no share.</summary>
    private static string Nothing(bool isBelow, bool hasScore, bool hasPriority) =>
        (isBelow, hasScore) switch
        {
            (false, false) =>
                "It gets no part, because its class is not below the middle of its target range, and its score is not above 0.",
            (false, true) => "It gets no part, because its class is not below the middle of its target range.",
            (true, false) => "It gets no part, because its score is not above 0.",
            _ when hasPriority => "Its share is so small that nothing is left of it after rounding.",
            _ => "It gets no part, because its priority is 0 after rounding.",
        };
}
