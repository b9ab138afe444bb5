using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Api.Pages.Explanations;

/// <summary>Says in sentences what a what-if changes, each with the value as it is.</summary>
internal static class WhatIfQuestion
{
    public static IReadOnlyList<string> Of(CalculationInputs inputs, WhatIf change, ExplanationWords words)
    {
        var (portfolio, formats) = (inputs.Portfolio, words.Formats);
        List<string> asked = [];
        if (change.HasContribution && change.Contribution != portfolio.Contribution)
            asked.Add($"A contribution of {Planned(change.Contribution)} instead of {Planned(portfolio.Contribution)}.");
        foreach (var target in change.Targets)
        {
            var own = portfolio.Classes[target.Class];
            if ((target.TargetMin, target.TargetMax) != (own.TargetMin, own.TargetMax))
                asked.Add(
                    $"A target range of {Range(target.TargetMin, target.TargetMax)} for {Name(target.Class)} instead of {Range(own.TargetMin, own.TargetMax)}."
                );
            if (target.MinAmount != own.MinAmount)
                asked.Add($"{Name(target.Class)} worth buying from {Amount(target.MinAmount)} instead of {Amount(own.MinAmount)}.");
        }
        if (change.Criteria is { } criteria)
        {
            for (var at = 0; at < criteria.Length; at++)
                AddCriterion(inputs.Criteria.Span[at], criteria.Span[at]);
        }
        if (change.Fundamental is { } figure && inputs.Market.TryGetOrdinal(figure.AssetId, out var ordinal))
        {
            var (asset, metric) = (inputs.Market.Assets[ordinal], Metrics.Names[(int)figure.Metric]);
            var own = asset.Fundamentals[(int)figure.Metric];
            var (asking, known) = (words.Value(metric, figure.Value), own is { } value ? words.Value(metric, value) : "an unknown value");
            asked.Add($"{ExplanationWords.Capital(ExplanationWords.Metric(metric))} of {asset.Symbol} at {asking} instead of {known}.");
        }
        if (change.Cash is { } cash)
        {
            var amount = $"{formats.Exact(Math.Abs(cash.Amount))} {portfolio.BaseCurrency}";
            asked.Add($"{amount} {(cash.Amount < 0 ? "less" : "more")} in {Name(cash.Class)}.");
        }
        return asked;

        // The form changes values of criteria, and neither their number nor their order.
        void AddCriterion(Criterion own, Criterion asking)
        {
            var name = WhatIfForms.NameOf(own.NameJson);
            if (asking.Points != own.Points)
                asked.Add(
                    $"“{name}” with {formats.Exact(asking.Points.ToDecimal())} points instead of {formats.Exact(own.Points.ToDecimal())}."
                );
            if ((asking.Value, asking.Upper) != (own.Value, own.Upper))
                asked.Add($"“{name}” with {Bounds(asking)} instead of {Bounds(own)}.");
        }

        string Bounds(Criterion one)
        {
            var metric = Metrics.Names[(int)one.Metric];
            return one.Operator == ComparisonOperator.Between
                ? $"{formats.Exact(one.Value)} to {words.Value(metric, one.Upper)}"
                : words.Value(metric, one.Value);
        }

        string Planned(Decimal4? amount) => amount is { } planned ? Amount(planned) : "none";
        string Amount(Decimal4 amount) => words.Amount(amount.ToString(), portfolio.BaseCurrency);
        string Range(Decimal4 min, Decimal4 max) => $"{formats.Exact(min.ToDecimal())} to {formats.ExactPercent(max.ToDecimal())}";
        string Name(int index) =>
            index == PortfolioHolding.Unclassified ? "the holdings without a class" : WhatIfForms.NameOf(portfolio.Classes[index].NameJson);
    }
}
