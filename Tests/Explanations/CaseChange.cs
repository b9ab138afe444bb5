using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using static Overnight.Tests.Explanations.CaseText;

namespace Overnight.Tests.Explanations;

/// <summary>The <c>change</c> of a worked case of "what if"; what is missing stays as it is.</summary>
internal sealed record CaseChange(
    decimal? Contribution = null,
    List<CaseTarget>? Targets = null,
    List<CaseCriterion>? Criteria = null,
    CaseFundamental? Fundamental = null,
    CaseShift? Shift = null,
    CaseCash? Cash = null
);

internal sealed record CaseTarget(string ClassId, decimal TargetMin, decimal TargetMax, decimal MinAmount);

internal sealed record CaseFundamental(string AssetId, string Metric, decimal Value);

internal sealed record CaseShift(string ClassId, decimal Points);

/// <param name="ClassId">Null for the holdings without a class.</param>
internal sealed record CaseCash(string? ClassId, decimal Amount);

/// <summary>Shares by class and amounts by holding, best first.</summary>
internal sealed record WhatIfCaseAnswer(
    string TotalValue,
    List<WhatIfCaseShare> Allocations,
    List<WhatIfCaseAmount> Recommendations,
    string Unallocated
);

internal sealed record WhatIfCaseShare(string ClassId, string Current, string Gap);

internal sealed record WhatIfCaseAmount(string AssetId, string Score, string Amount);

/// <summary>The oracle of a what-if: the change is made in the case by names, by nothing of the product.</summary>
internal static class SpecWhatIf
{
    public static WhatIfCaseAnswer Answer(CaseInput input, CaseChange change)
    {
        var changed = Change(input, change);
        SpecCalculation spec = new(changed);
        var classes = spec.ClassCount;
        if (change.Cash is { } cash)
        {
            var index = cash.ClassId is null ? input.Classes.Count : input.Classes.FindIndex(c => c.ClassId == cash.ClassId);
            classes = Math.Max(classes, index + 1);
            spec.ClassValue[index] += cash.Amount;
            spec.Total += cash.Amount;
        }
        var parts = spec.Share();
        var order = spec.Order();
        return new(
            Fixed(SpecCalculation.Round(spec.Total)),
            [.. Enumerable.Range(0, classes).Select(i => new WhatIfCaseShare(spec.ClassId(i), Fixed(spec.Share(i)), Fixed(spec.Gap(i))))],
            [.. order.Select(i => new WhatIfCaseAmount(spec.Holdings[i].AssetId, Fixed(spec.Scores[i]), Fixed(parts[i].Amount)))],
            Fixed((changed.Contribution ?? 0) - order.Sum(i => parts[i].Amount))
        );
    }

    private static CaseInput Change(CaseInput input, CaseChange change) =>
        input with
        {
            Contribution = change.Contribution ?? input.Contribution,
            Criteria = change.Criteria ?? input.Criteria,
            Classes = input.Classes.ConvertAll(own =>
            {
                if (change.Targets?.Find(t => t.ClassId == own.ClassId) is { } target)
                {
                    own = own with { TargetMin = target.TargetMin, TargetMax = target.TargetMax, MinAllocationValue = target.MinAmount };
                }
                return change.Shift is { } shift && shift.ClassId == own.ClassId
                    ? own with
                    {
                        TargetMin = own.Min + shift.Points,
                        TargetMax = own.Max + shift.Points,
                    }
                    : own;
            }),
            Assets = input.Assets.ConvertAll(asset =>
                change.Fundamental is { } value && value.AssetId == asset.AssetId
                    ? asset with
                    {
                        Fundamentals = new(asset.Fundamentals) { [value.Metric] = value.Value },
                    }
                    : asset
            ),
        };
}

/// <summary>The product's answer to a case of "what if", in the words of a case.</summary>
internal static class CoreWhatIf
{
    public static WhatIfCaseAnswer Answer(CaseInput input, CaseChange change)
    {
        var inputs = CoreAnswers.Inputs(input);
        var portfolio = inputs.Portfolio;
        List<TargetChange> targets =
        [
            .. (change.Targets ?? []).Select(t => new TargetChange(
                ClassOf(t.ClassId),
                Decimal4.Round(t.TargetMin),
                Decimal4.Round(t.TargetMax),
                Decimal4.Round(t.MinAmount)
            )),
        ];
        if (change.Shift is { } shift)
        {
            var (index, points) = (ClassOf(shift.ClassId), Decimal4.Round(shift.Points));
            var at = targets.FindIndex(t => t.Class == index);
            var own = portfolio.Classes[index];
            var target = at < 0 ? new TargetChange(index, own.TargetMin, own.TargetMax, own.MinAmount) : targets[at];
            if (at >= 0)
                targets.RemoveAt(at);
            targets.Add(target with { TargetMin = target.TargetMin + points, TargetMax = target.TargetMax + points });
        }
        WhatIf asked = new()
        {
            HasContribution = change.Contribution is not null,
            Contribution = change.Contribution is { } planned ? Decimal4.Round(planned) : null,
            Targets = targets,
            Fundamental = change.Fundamental is { } value ? new(AssetOf(value.AssetId), MetricOf(value.Metric), value.Value) : null,
            Cash = change.Cash is { } cash
                ? new HypotheticalCash(cash.ClassId is null ? PortfolioHolding.Unclassified : ClassOf(cash.ClassId), cash.Amount)
                : null,
        };
        if (change.Criteria is not null)
            asked = asked with { Criteria = CoreAnswers.Inputs(input with { Criteria = change.Criteria }).Criteria };
        var calculation = asked.ApplyTo(inputs).Calculate();
        var shares = calculation.Allocations.ToArray();
        return new(
            calculation.TotalValue.ToString(),
            [
                .. shares.Select(
                    (share, i) =>
                        new WhatIfCaseShare(
                            i < input.Classes.Count ? input.Classes[i].ClassId : "unclassified",
                            share.Current.ToString(),
                            share.Gap.ToString()
                        )
                ),
            ],
            [
                .. calculation
                    .Ranked.ToArray()
                    .Select(r => new WhatIfCaseAmount(
                        input.Holdings[r.Holding].AssetId,
                        calculation.Scores[r.Holding].Score.ToString(),
                        r.Amount.ToString()
                    )),
            ],
            calculation.Unallocated.ToString()
        );

        int ClassOf(string id) => input.Classes.FindIndex(c => c.ClassId == id);
        Guid AssetOf(string id) => inputs.Market.Assets[input.Assets.FindIndex(a => a.AssetId == id)].Id;
        static Metric MetricOf(string name) => (Metric)Metrics.Names.ToList().IndexOf(name);
    }
}
