using static Overnight.Tests.Explanations.CaseText;

namespace Overnight.Tests.Explanations;

/// <summary>The oracle's answers: every point of every grid is tried, by nothing of the product.</summary>
internal static class SpecAnswers
{
    private const decimal Beside = 0.00000001m;

    public static List<WhyAnswer> Why(CaseInput input)
    {
        SpecCalculation spec = new(input);
        var order = spec.Order();
        var parts = spec.Share();
        var leftOut = Enumerable.Range(0, spec.Holdings.Count).Where(i => !order.Contains(i));
        return
        [
            .. order
                .Concat(leftOut)
                .Select(i =>
                {
                    var (holding, index, rank) = (spec.Holdings[i], spec.ClassOf(i), Array.IndexOf(order, i));
                    var known = index < spec.ClassCount;
                    return new WhyAnswer(
                        holding.AssetId,
                        known ? Fixed(spec.Share(index)) : null,
                        known ? Fixed(spec.Min[index]) : null,
                        known ? Fixed(spec.Max[index]) : null,
                        known ? Fixed(spec.Gap(index)) : null,
                        [.. input.Criteria.Select(c => Criterion(c, holding))],
                        Fixed(spec.Scores[i]),
                        rank < 0 ? null : Fixed(spec.Priority(i, spec.Gap(index))),
                        rank < 0 ? null : rank + 1,
                        new(
                            Fixed(parts[i].Share),
                            Fixed(parts[i].Out),
                            Fixed(parts[i].In),
                            Fixed(parts[i].Remainder),
                            Fixed(parts[i].Amount)
                        )
                    );
                }),
        ];
    }

    private static CriterionAnswer Criterion(CaseCriterion criterion, CaseAsset holding)
    {
        var outcome = SpecCalculation.Outcome(criterion, holding);
        return new(
            criterion.Id,
            holding.Figure(criterion.Metric) is { } value ? Exact(value) : null,
            outcome,
            outcome == "skipped" ? [.. criterion.RequiredFundamentals.Where(r => holding.Figure(r) is null)] : null,
            Fixed(outcome == "matched" ? criterion.Points : 0)
        );
    }

    /// <param name="digits">Digits that a step of cash is below the first of the total value; 4 in SPEC.</param>
    /// <param name="limit">Most steps of cash; 100,000 in SPEC.</param>
    public static FirstAnswer First(CaseInput input, int holding, int digits, int limit)
    {
        SpecCalculation spec = new(input);
        var id = spec.Holdings[holding].AssetId;
        if (spec.IsFirst(holding))
            return new(id, true, null, null, null);
        return spec.IsPriced(holding)
            ? new(id, false, Fundamental(input, holding), Target(spec, holding), Cash(spec, holding, digits, limit))
            : new(id, false, null, null, null);
    }

    private static FundamentalAnswer? Fundamental(CaseInput input, int holding)
    {
        var asset = input.Holdings[holding];
        List<(CaseCriterion Criterion, decimal From, decimal To)> tries = [];
        foreach (var criterion in input.Criteria.Where(c => c.Operator != "exists" && asset.Figure(c.Metric) is not null))
        {
            decimal?[] bounds = criterion.Operator == "between" ? [criterion.Value, criterion.Value2] : [criterion.Value];
            foreach (var bound in bounds.Select(b => b!.Value))
            {
                foreach (var to in new[] { bound - Beside, bound, bound + Beside })
                    tries.Add((criterion, asset.Figure(criterion.Metric)!.Value, to));
            }
        }
        tries.Sort(
            (x, y) =>
            {
                var order = (x.From == 0).CompareTo(y.From == 0);
                // |new - old| / |old| compared without a division, and for an old value of 0 without the divisor.
                if (order == 0)
                    order = (Math.Abs(x.To - x.From) * (y.From == 0 ? 1 : Math.Abs(y.From))).CompareTo(
                        Math.Abs(y.To - y.From) * (x.From == 0 ? 1 : Math.Abs(x.From))
                    );
                if (order == 0)
                    order = (x.To > x.From ? 0 : 1) - (y.To > y.From ? 0 : 1);
                return order != 0 ? order : input.Criteria.IndexOf(x.Criterion) - input.Criteria.IndexOf(y.Criterion);
            }
        );
        foreach (var (criterion, from, to) in tries)
        {
            var changed = asset with { Fundamentals = new(asset.Fundamentals) { [criterion.Metric] = to } };
            if (new SpecCalculation(input with { Assets = [.. input.Assets.Select(a => a == asset ? changed : a)] }).IsFirst(holding))
                return new(criterion.Metric, Exact(from), Exact(to), criterion.Id);
        }
        return null;
    }

    private static TargetAnswer? Target(SpecCalculation spec, int holding)
    {
        var index = spec.ClassOf(holding);
        if (spec.ClassId(index) == "unclassified")
            return null;
        var (min, max) = (spec.Min[index], spec.Max[index]);
        try
        {
            for (var n = 1; n <= 10_000; n++)
            {
                foreach (var steps in new[] { n, -n })
                {
                    (spec.Min[index], spec.Max[index]) = (min + steps * 0.01m, max + steps * 0.01m);
                    if (spec.Min[index] >= 0 && spec.Max[index] <= 100 && spec.IsFirst(holding))
                        return new(spec.ClassId(index), steps, Fixed(spec.Min[index]), Fixed(spec.Max[index]));
                }
            }
            return null;
        }
        finally
        {
            (spec.Min[index], spec.Max[index]) = (min, max);
        }
    }

    private static CashAnswer? Cash(SpecCalculation spec, int holding, int digits, int limit)
    {
        var (total, values) = (spec.Total, spec.ClassValue.ToArray());
        if (SpecCalculation.Round(total) == 0)
            return null;
        decimal step = 1;
        while (step * 10 <= SpecCalculation.Round(total))
            step *= 10;
        while (step > SpecCalculation.Round(total))
            step /= 10;
        for (var i = 0; i < digits; i++)
            step /= 10;
        for (var n = 1; n <= limit; n++)
        {
            foreach (var steps in (ReadOnlySpan<int>)[n, -n])
            {
                for (var index = 0; index < spec.ClassCount; index++)
                {
                    if (values[index] + steps * step < 0)
                        continue;
                    spec.ClassValue[index] = values[index] + steps * step;
                    spec.Total = total + steps * step;
                    if (spec.IsFirst(holding))
                        return new(spec.ClassId(index), steps, Exact(steps * step));
                    spec.ClassValue[index] = values[index];
                }
            }
        }
        return null;
    }
}
