using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>Why each holding of a result has its amount (SPEC C7); amounts are in base currency.</summary>
/// <param name="Unallocated">The part of the contribution that no holding could take.</param>
/// <param name="Holdings">Best first, as in the result; then those without a price, in the portfolio's order.</param>
public sealed record ResultExplanation(
    string BaseCurrency,
    Decimal4 TotalValue,
    Decimal4? Contribution,
    Decimal4 Unallocated,
    IReadOnlyList<HoldingExplanation> Holdings
)
{
    private static readonly byte[] Unclassified = "unclassified"u8.ToArray();

    /// <summary>Calculates the inputs and explains the result.</summary>
    /// <exception cref="CalculationException">The inputs can't be calculated.</exception>
    public static ResultExplanation Of(CalculationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        inputs.RequireNewestRules();
        var calculation = inputs.Calculate();
        var portfolio = inputs.Portfolio;
        ContributionRecord record = new(portfolio.Holdings.Count);
        // The same sharing once more, with a record: the night's calculation never carries one.
        ContributionSplit.Distribute(calculation.Ranked.ToArray(), portfolio.Contribution ?? Decimal4.Zero, record);

        List<HoldingExplanation> holdings = [];
        var ranked = new bool[portfolio.Holdings.Count];
        foreach (ref readonly var holding in calculation.Ranked)
        {
            ranked[holding.Holding] = true;
            holdings.Add(
                Explain(inputs, calculation, holding.Holding) with
                {
                    Priority = holding.Priority,
                    Rank = holdings.Count + 1,
                    Parts = record.Parts[holding.Holding],
                }
            );
        }
        holdings.AddRange(Enumerable.Range(0, ranked.Length).Where(i => !ranked[i]).Select(i => Explain(inputs, calculation, i)));
        return new(portfolio.BaseCurrency, calculation.TotalValue, portfolio.Contribution, calculation.Unallocated, holdings);
    }

    private static HoldingExplanation Explain(CalculationInputs inputs, Calculation calculation, int holding)
    {
        var (index, ordinal) = (inputs.Portfolio.Holdings[holding].Class, inputs.Portfolio.Holdings[holding].Asset);
        var asset = inputs.Market.Assets[ordinal];
        var score = calculation.Scores[holding];
        var criteria = new CriterionExplanation[inputs.Criteria.Length];
        for (var i = 0; i < criteria.Length; i++)
            criteria[i] = Explain(inputs.Criteria.Span[i], asset, (score.Matched >> i & 1) != 0, (score.Skipped >> i & 1) != 0);
        return new(holding, asset.Id, asset.Symbol, ClassOf(inputs, calculation, index), criteria, score.Score, null, null, default);
    }

    private static CriterionExplanation Explain(Criterion criterion, SnapshotAsset asset, bool matched, bool skipped) =>
        new(
            criterion,
            asset.Fundamentals[(int)criterion.Metric],
            skipped ? CriterionOutcome.Skipped
                : matched ? CriterionOutcome.Matched
                : CriterionOutcome.Missed,
            skipped
                ? [.. Enum.GetValues<Metric>().Where(m => (criterion.Required >> (int)m & 1) != 0 && asset.Fundamentals[(int)m] is null)]
                : [],
            matched ? criterion.Points : Decimal4.Zero
        );

    private static ClassExplanation? ClassOf(CalculationInputs inputs, Calculation calculation, int index)
    {
        var classes = inputs.Portfolio.Classes;
        if (index != PortfolioHolding.Unclassified)
        {
            var (target, share) = (classes[index], calculation.Allocations[index]);
            return Of(index, target, share);
        }
        return calculation.Allocations.Length == classes.Count
            ? null
            : Of(index, new(Guid.Empty, Unclassified, Decimal4.Zero, Decimal4.Zero, Decimal4.Zero), calculation.Allocations[classes.Count]);
    }

    private static ClassExplanation Of(int index, PortfolioClass target, AllocationShare share) =>
        new(
            index,
            target.NameJson,
            share.Value,
            share.Current,
            target.TargetMin,
            target.TargetMax,
            share.Gap,
            target.MinAmount,
            share.OverAllocated
        );
}
