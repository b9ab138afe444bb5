using Overnight.Core.Market;
using Overnight.Core.Portfolios;

namespace Overnight.Core.Scoring;

/// <summary>The score of an asset against a user's criteria.</summary>
/// <param name="Score">Sum of the points of the criteria that matched.</param>
/// <param name="Matched">Bit i: criterion i matched.</param>
/// <param name="Skipped">Bit i: criterion i was skipped, because a required fundamental is unknown (<c>missing_fundamental</c>).</param>
/// <param name="TopContributor">Index of the criterion that gave the most points, the first on a tie; -1 when none matched.</param>
public readonly record struct AssetScore(Decimal4 Score, ulong Matched, ulong Skipped, int TopContributor);

/// <summary>Scores assets: the sum of the points of the criteria that match. Pure: a score depends on the arguments alone.</summary>
public static class Scorer
{
    /// <summary>Largest number of criteria of a user, because a mask has 64 bits.</summary>
    public const int MaxCriteria = 64;

    /// <summary>Scores one asset. A criterion whose metric is unknown but not required counts as evaluated, and does not match.</summary>
    /// <param name="criteria">Criteria of the user, at most <see cref="MaxCriteria"/>.</param>
    /// <param name="market">The snapshot that has the asset.</param>
    /// <param name="asset">Ordinal in <paramref name="market"/>.</param>
    public static AssetScore Score(ReadOnlySpan<Criterion> criteria, MarketSnapshot market, int asset)
    {
        ArgumentNullException.ThrowIfNull(market);
        var present = market.Present[asset];
        var first = asset * Metrics.Count;
        ulong matched = 0,
            skipped = 0;
        long units = 0,
            best = long.MinValue;
        var top = -1;

        for (var i = 0; i < criteria.Length; i++)
        {
            ref readonly var criterion = ref criteria[i];
            if ((criterion.Required & ~present) != 0)
            {
                skipped |= 1ul << i;
                continue;
            }
            if ((present & (1 << (int)criterion.Metric)) == 0 || !Matches(in criterion, market, first + (int)criterion.Metric))
                continue;

            matched |= 1ul << i;
            units += criterion.Points.Units;
            if (criterion.Points.Units > best)
            {
                best = criterion.Points.Units;
                top = i;
            }
        }
        return new(new(units), matched, skipped, top);
    }

    private static bool Matches(in Criterion criterion, MarketSnapshot market, int at) =>
        criterion.Operator switch
        {
            ComparisonOperator.GreaterThan => ToValue(in criterion, market, at) > 0,
            ComparisonOperator.GreaterOrEqual => ToValue(in criterion, market, at) >= 0,
            ComparisonOperator.LessThan => ToValue(in criterion, market, at) < 0,
            ComparisonOperator.LessOrEqual => ToValue(in criterion, market, at) <= 0,
            ComparisonOperator.Equals => ToValue(in criterion, market, at) == 0,
            ComparisonOperator.Between => ToValue(in criterion, market, at) >= 0
                && Compare(market.NearFundamentals[at], criterion.NearUpper, in market.Fundamentals[at], criterion.Upper) <= 0,
            ComparisonOperator.Exists => true,
            _ => throw new ArgumentOutOfRangeException(nameof(criterion), criterion.Operator, "Unknown comparison operator."),
        };

    private static int ToValue(in Criterion criterion, MarketSnapshot market, int at) =>
        Compare(market.NearFundamentals[at], criterion.NearValue, in market.Fundamentals[at], criterion.Value);

    /// <summary>
    /// Compares decimals exactly. Where their floating-point values differ by more than the rounding error, the difference decides, in a
    /// tenth of the time; otherwise the decimals are compared.
    /// </summary>
    private static int Compare(double near, double nearOther, in decimal value, decimal other)
    {
        // A double differs from its decimal by a factor of up to 1.2e-16; the limit is some hundred times that.
        var difference = near - nearOther;
        if (Math.Abs(difference) > (Math.Abs(near) + Math.Abs(nearOther)) * 1e-14)
            return difference > 0 ? 1 : -1;
        return decimal.Compare(value, other);
    }
}
