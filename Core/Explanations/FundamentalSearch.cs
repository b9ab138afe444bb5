using System.Numerics;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Core.Explanations;

/// <summary>
/// Finds the fundamental whose least relative change makes a holding first. An outcome changes at the bounds of criteria alone, so the
/// bounds and their neighbours are all there is to try; each is tried in the calculation itself, once for each score it leads to.
/// </summary>
internal static class FundamentalSearch
{
    /// <summary>The distance of a neighbour: fundamentals are stored with 8 decimals.</summary>
    private const decimal Neighbour = 0.00000001m;

    public static FundamentalChange? Find(CalculationInputs inputs, int holding, SearchProgress progress)
    {
        var asset = inputs.Market.Assets[inputs.Portfolio.Holdings[holding].Asset];
        var changes = ChangesOf(inputs.Criteria.Span, asset);
        changes.Sort();
        // An asset for each change, so that one snapshot serves to score them all.
        MarketSnapshot changed = new(
            inputs.Market.Header,
            [.. changes.Select(c => c.Change.ApplyTo(asset))],
            new Dictionary<(string, string), decimal>()
        );
        Dictionary<Decimal4, bool> isFirst = [];
        for (var i = 0; i < changes.Count; i++)
        {
            progress.Try();
            var change = changes[i].Change;
            var score = Scorer.Score(inputs.Criteria.Span, changed, i).Score;
            if (!isFirst.TryGetValue(score, out var first))
            {
                first = Counterfactuals.IsFirstOf(change.ApplyTo(inputs).Calculate(), holding, inputs.Portfolio.Contribution);
                isFirst.Add(score, first);
            }
            if (first)
                return change;
        }
        return null;
    }

    private static List<RankedChange> ChangesOf(ReadOnlySpan<Criterion> criteria, SnapshotAsset asset)
    {
        List<RankedChange> changes = [];
        for (var i = 0; i < criteria.Length; i++)
        {
            ref readonly var criterion = ref criteria[i];
            if (asset.Fundamentals[(int)criterion.Metric] is not { } value || criterion.Operator == ComparisonOperator.Exists)
                continue;
            Add(criterion.Metric, criterion.Value, i, value);
            if (criterion.Operator == ComparisonOperator.Between)
                Add(criterion.Metric, criterion.Upper, i, value);
        }
        return changes;

        void Add(Metric metric, decimal bound, int criterion, decimal from)
        {
            foreach (var to in (ReadOnlySpan<decimal>)[bound - Neighbour, bound, bound + Neighbour])
                changes.Add(new(new(asset.Id, metric, from, to, criterion), Scaled(from), Scaled(to)));
        }
    }

    /// <summary>The number times 10^28, exactly.</summary>
    private static BigInteger Scaled(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var mantissa = ((BigInteger)(uint)bits[2] << 64) + ((BigInteger)(uint)bits[1] << 32) + (uint)bits[0];
        var scaled = mantissa * BigInteger.Pow(10, 28 - value.Scale);
        return value < 0 ? -scaled : scaled;
    }

    /// <summary>
    /// A change, ordered by |new - old| / |old|, the increase first on a tie, then the criterion's order. Changes of a fundamental that is
    /// 0 come last, among them by |new - old|.
    /// </summary>
    private readonly struct RankedChange(FundamentalChange change, BigInteger from, BigInteger to) : IComparable<RankedChange>
    {
        public FundamentalChange Change { get; } = change;

        private BigInteger Distance { get; } = BigInteger.Abs(to - from);

        private BigInteger Old { get; } = BigInteger.Abs(from);

        private bool IsIncrease { get; } = to > from;

        public int CompareTo(RankedChange other)
        {
            var order = Old.IsZero.CompareTo(other.Old.IsZero);
            if (order == 0)
                order = Old.IsZero ? Distance.CompareTo(other.Distance) : (Distance * other.Old).CompareTo(other.Distance * Old);
            if (order == 0)
                order = other.IsIncrease.CompareTo(IsIncrease);
            return order != 0 ? order : Change.Criterion.CompareTo(other.Change.Criterion);
        }
    }
}
