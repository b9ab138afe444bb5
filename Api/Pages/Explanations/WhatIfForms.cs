using System.Text;
using System.Text.Json;
using Overnight.Api.Explanations;
using Overnight.Api.Pages.Display;
using Overnight.Api.Problems;
using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Api.Pages.Explanations;

/// <summary>
/// The form of a what-if: numbers are written and read in the reader's formats. What is left as it is shown is no change.
/// </summary>
internal sealed class WhatIfForms(CapturedCalculation result, DisplayFormats formats)
{
    /// <summary>In place of a class's id: the holdings without a class.</summary>
    public const string None = "none";

    /// <summary>Fields beside those of classes and criteria, in the form and in links to it.</summary>
    private static readonly string[] Singles = ["asset", "metric", "value", "shiftClass", "points", "cashClass", "amount"];

    private readonly Dictionary<string, string> _errors = new(StringComparer.Ordinal);

    /// <summary>Errors by the words before the field, in sentences.</summary>
    public IReadOnlyList<string> Errors => [.. _errors.Select(error => $"{error.Key} {error.Value}.")];

    private UserPortfolio Portfolio => result.Inputs.Portfolio;

    /// <param name="sent">Fields that were sent; those that are missing are shown as the result has them.</param>
    public WhatIfForm Show(IReadOnlyDictionary<string, string> sent)
    {
        var market = result.Inputs.Market;
        var criteria = result.Inputs.Criteria.ToArray();
        List<(string, string)> classes = [.. Portfolio.Classes.Select(own => ($"{own.Id:D}", NameOf(own.NameJson)))];
        return new(
            Sent("contribution", Portfolio.Contribution is { } planned ? formats.Field(planned.ToDecimal()) : ""),
            [
                .. Portfolio.Classes.Select(
                    (own, at) =>
                        new WhatIfClassFields(
                            $"{at}",
                            NameOf(own.NameJson),
                            Sent($"min-{at}", Field(own.TargetMin)),
                            Sent($"max-{at}", Field(own.TargetMax)),
                            Sent($"least-{at}", Field(own.MinAmount))
                        )
                ),
            ],
            [
                .. criteria.Select(
                    (one, at) =>
                        new WhatIfCriterionFields(
                            $"{at}",
                            NameOf(one.NameJson),
                            ExplanationWords.Metric(Metrics.Names[(int)one.Metric]),
                            $"{RuleOf(one.Operator)}{UnitOf(one)}",
                            one.Operator == ComparisonOperator.Exists ? null : Sent($"bound-{at}", formats.Field(one.Value)),
                            $"to{UnitOf(one)}",
                            one.Operator == ComparisonOperator.Between ? Sent($"upper-{at}", formats.Field(one.Upper)) : null,
                            Sent($"points-{at}", Field(one.Points))
                        )
                ),
            ],
            [
                .. Portfolio
                    .Holdings.Select(held => market.Assets[held.Asset])
                    .Select(asset => ($"{asset.Id:D}", $"{asset.Symbol} {asset.Name}".Trim())),
            ],
            [.. ExplanationWords.AllMetrics],
            [.. classes, (None, "holdings without a class")],
            Singles.ToDictionary(name => name, name => Sent(name, ""), StringComparer.Ordinal)
        );

        string Sent(string name, string shown) => sent.TryGetValue(name, out var own) ? own : shown;
        string Field(Decimal4 value) => formats.Field(value.ToDecimal());

        static string UnitOf(in Criterion one) => ExplanationWords.IsInPercent(Metrics.Names[(int)one.Metric]) ? ", %" : "";
    }

    /// <summary>The fields that a link to the form fills in; numbers in it are those of the API, with a point.</summary>
    public Dictionary<string, string> OfLink(IReadOnlyDictionary<string, string> query)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (var name in Singles)
        {
            if (!query.TryGetValue(name, out var text))
                continue;
            var isNumber = decimal.TryParse(
                text,
                System.Globalization.NumberStyles.Float,
                System.Globalization.CultureInfo.InvariantCulture,
                out var number
            );
            fields[name] = name is "value" or "points" or "amount" && isNumber ? formats.Field(number) : text;
        }
        return fields;
    }

    /// <returns>The changes that the form asks for; where there are errors, not all of them.</returns>
    public WhatIf Read(IReadOnlyDictionary<string, string> sent)
    {
        WhatIfRequest asked = new() { Targets = [.. Targets(sent)], Criteria = Criteria(sent) };
        if (sent.TryGetValue("contribution", out var contribution))
        {
            asked = asked with
            {
                HasContribution = true,
                Contribution = string.IsNullOrWhiteSpace(contribution)
                    ? null
                    : Amount(contribution, "The contribution", WhatIfFields.LargestAmount, null),
            };
        }
        asked = asked with { Fundamental = Fundamental(sent), Shift = Shift(sent), Cash = Cash(sent) };
        Dictionary<string, string[]> errors = new(StringComparer.Ordinal);
        var change = asked.Resolve(result.Inputs, errors);
        Add(errors);
        return change;
    }

    /// <summary>Adds errors of the API's fields in the words of the form.</summary>
    public void Add(IReadOnlyDictionary<string, string[]> errors)
    {
        foreach (var (field, messages) in errors)
        {
            _errors.TryAdd(
                field.StartsWith("targets", StringComparison.Ordinal) ? "A target range is not possible: its lower end"
                    : field.StartsWith("shift", StringComparison.Ordinal) ? "The move of the target range"
                    : field.StartsWith("cash", StringComparison.Ordinal) ? "The value in the class"
                    : field.StartsWith("fundamental", StringComparison.Ordinal) ? "The company figure: it"
                    : field,
                string.Join("; ", messages).TrimEnd('.')
            );
        }
    }

    private IEnumerable<WhatIfRequest.AskedTarget> Targets(IReadOnlyDictionary<string, string> sent)
    {
        for (var at = 0; at < Portfolio.Classes.Count; at++)
        {
            var (own, name) = (Portfolio.Classes[at], NameOf(Portfolio.Classes[at].NameJson));
            var min = Given($"min-{at}", "from", 100, own.TargetMin);
            var max = Given($"max-{at}", "to", 100, own.TargetMax);
            var least = Given($"least-{at}", "worth buying from", WhatIfFields.LargestAmount, own.MinAmount);
            if (min > max)
                _errors.TryAdd(
                    $"{name}:",
                    $"the target range must not begin above its end, and is {formats.Exact(min.ToDecimal())} to {formats.Exact(max.ToDecimal())}"
                );
            else if (min != own.TargetMin || max != own.TargetMax || least != own.MinAmount)
                yield return new($"targets[{at}]", own.Id, min, max, least);

            Decimal4 Given(string field, string words, decimal most, Decimal4 shown) =>
                sent.TryGetValue(field, out var text) && text != formats.Field(shown.ToDecimal())
                    ? Amount(text, $"{name}, {words}:", most, shown) ?? shown
                    : shown;
        }
    }

    /// <returns>Null where no criterion was changed.</returns>
    private ReadOnlyMemory<Criterion>? Criteria(IReadOnlyDictionary<string, string> sent)
    {
        var criteria = result.Inputs.Criteria.ToArray();
        var isChanged = false;
        for (var at = 0; at < criteria.Length; at++)
        {
            var (own, name) = (criteria[at], NameOf(criteria[at].NameJson));
            var points = Given($"points-{at}", $"{name}, points:", own.Points.ToDecimal());
            if (points is < -100 or > 100)
                _errors.TryAdd($"{name}, points:", $"must be between -100 and 100, and are {formats.Exact(points)}");
            else if (points != own.Points.ToDecimal())
                (criteria[at], isChanged) = (own with { Points = Decimal4.Round(points) }, true);
            var (bound, upper) = (Given($"bound-{at}", $"{name}:", own.Value), Given($"upper-{at}", $"{name}, to:", own.Upper));
            if (bound != own.Value || upper != own.Upper)
            {
                own = criteria[at];
                // A new one, because a copy keeps the bounds as floating point that the old one has.
                criteria[at] = new(own.IdJson, own.NameJson, own.Metric, own.Operator, bound, upper, own.Points, own.Required);
                isChanged = true;
            }
        }
        // Not by a conditional, in which null would become an empty array.
        if (!isChanged)
            return null;
        return criteria;

        decimal Given(string field, string words, decimal shown) =>
            sent.TryGetValue(field, out var text) && text != formats.Field(shown) ? Number(text, words) ?? shown : shown;
    }

    private FundamentalValue? Fundamental(IReadOnlyDictionary<string, string> sent)
    {
        if (!IsChosen(sent, "asset", "value", "The holding of the figure's value"))
            return null;
        var isHolding = Guid.TryParseExact(sent["asset"], "D", out var asset);
        if (!isHolding)
            _errors.TryAdd("The holding", $"must be one of the list, and is '{DisplayText.Short(sent["asset"])}'");
        var isMetric = Metrics.TryParse(Encoding.UTF8.GetBytes(sent.GetValueOrDefault("metric", "")), out var metric);
        if (!isMetric)
            _errors.TryAdd("The figure", $"must be one of the list, and is '{DisplayText.Short(sent.GetValueOrDefault("metric", ""))}'");
        if (Number(sent.GetValueOrDefault("value", ""), "The figure's value") is not { } value || !isHolding || !isMetric)
            return null;
        if (Math.Abs(value) < WhatIfFields.LargestFundamental)
            return new(asset, metric, value);
        _errors.TryAdd("The figure's value", $"must be between -10^20 and 10^20, and is {formats.Exact(value)}");
        return null;
    }

    private WhatIfRequest.AskedShift? Shift(IReadOnlyDictionary<string, string> sent)
    {
        if (!IsChosen(sent, "shiftClass", "points", "The class of the percentage points up or down"))
            return null;
        var number = Number(sent.GetValueOrDefault("points", ""), "The percentage points up or down");
        if (ClassId(sent["shiftClass"]) is not { } id || number is not { } points)
            return null;
        if (points is >= -100 and <= 100)
            return new(id, Decimal4.Round(points));
        _errors.TryAdd("The percentage points up or down", $"must be between -100 and 100, and are {formats.Exact(points)}");
        return null;
    }

    private WhatIfRequest.AskedCash? Cash(IReadOnlyDictionary<string, string> sent)
    {
        if (!IsChosen(sent, "cashClass", "amount", "The class of the value more or less"))
            return null;
        var name = sent["cashClass"];
        if (Number(sent.GetValueOrDefault("amount", ""), "The value more or less") is not { } amount)
            return null;
        if (Math.Abs(amount) > WhatIfFields.LargestAmount)
        {
            _errors.TryAdd(
                "The value more or less",
                $"must be at most {formats.Exact(WhatIfFields.LargestAmount)} up or down, and is {formats.Exact(amount)}"
            );
            return null;
        }
        if (name == None)
            return new(null, amount);
        return ClassId(name) is { } id ? new(id, amount) : null;
    }

    /// <summary>Whether one of a list is chosen; a number that belongs to it and is there without it is an error.</summary>
    private bool IsChosen(IReadOnlyDictionary<string, string> sent, string list, string number, string words)
    {
        if (sent.GetValueOrDefault(list, "").Length > 0)
            return true;
        var text = sent.GetValueOrDefault(number, "");
        if (!string.IsNullOrWhiteSpace(text))
            _errors.TryAdd(words, $"must be chosen for '{DisplayText.Short(text)}', and is none");
        return false;
    }

    private Guid? ClassId(string text)
    {
        if (Guid.TryParseExact(text, "D", out var id))
            return id;
        _errors.TryAdd("The class", $"must be one of the list, and is '{DisplayText.Short(text)}'");
        return null;
    }

    private Decimal4? Amount(string text, string words, decimal most, Decimal4? otherwise)
    {
        if (Number(text, words) is not { } number)
            return otherwise;
        if (number >= 0 && number <= most)
            return Decimal4.Round(number);
        _errors.TryAdd(words, $"must be between 0 and {formats.Exact(most)}, and is {formats.Exact(number)}");
        return otherwise;
    }

    private decimal? Number(string text, string words)
    {
        if (formats.TryRead(text, out var number))
            return number;
        _errors.TryAdd(words, $"must be a number such as {formats.Field(1234.5m)}, and is '{DisplayText.Short(text)}'");
        return null;
    }

    private static string RuleOf(ComparisonOperator comparison) =>
        comparison switch
        {
            ComparisonOperator.GreaterThan => "above",
            ComparisonOperator.GreaterOrEqual => "at least",
            ComparisonOperator.LessThan => "below",
            ComparisonOperator.LessOrEqual => "at most",
            ComparisonOperator.Equals => "exactly",
            _ => "from",
        };

    internal static string NameOf(ReadOnlyMemory<byte> json) =>
        JsonSerializer.Deserialize<string>((byte[])[(byte)'"', .. json.Span, (byte)'"'])!;
}
