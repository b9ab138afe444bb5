using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>A holding that competes for the first rank, with all of it that moving a class leaves as it is.</summary>
/// <param name="Holding">Index into the portfolio's holdings.</param>
/// <param name="Allocation">Index into the allocations.</param>
/// <param name="Minimum">The smallest amount of its class worth buying.</param>
/// <param name="SymbolRank">Rank of the symbol in ordinal order, which decides between equal priorities.</param>
internal readonly record struct Contender(int Holding, int Allocation, Decimal4 Score, Decimal4 Minimum, int SymbolRank)
{
    public static Contender Of(CalculationInputs inputs, Calculation calculation, RankedHolding ranked) =>
        new(
            ranked.Holding,
            ranked.Allocation,
            calculation.Scores[ranked.Holding].Score,
            ranked.Minimum,
            inputs.Market.SymbolRanks[inputs.Portfolio.Holdings[ranked.Holding].Asset]
        );

    public Decimal4 PriorityAt(AllocationShare[] shares) => Calculation.Priority(shares[Allocation].Gap, Score);

    public bool IsOverAt(AllocationShare[] shares) => shares[Allocation].OverAllocated;

    /// <summary>Whether this holding is before another of equal priority.</summary>
    public bool Precedes(Contender other) => SymbolRank != other.SymbolRank ? SymbolRank < other.SymbolRank : Holding < other.Holding;

    /// <summary>
    /// Whether the priority may rise and fall between two allocations: with a negative score it is greatest at gap 0. Otherwise it is
    /// linear between them.
    /// </summary>
    public bool BendsBetween(AllocationShare[] a, AllocationShare[] b) =>
        Score.IsNegative && a[Allocation].Gap.IsNegative != b[Allocation].Gap.IsNegative;

    /// <summary>
    /// Whether a holding of the same class is nowhere between two allocations below another: the gap is the same for both, and priorities
    /// follow the scores at a gap above 0, the scores without their signs at one below.
    /// </summary>
    public bool LeadsInClassBetween(Contender other, AllocationShare[] a, AllocationShare[] b)
    {
        if (Allocation != other.Allocation)
            return false;
        var (gapA, gapB) = (a[Allocation].Gap, b[Allocation].Gap);
        return (!gapA.IsNegative && !gapB.IsNegative && Score >= other.Score)
            || (!gapA.IsPositive && !gapB.IsPositive && Math.Abs(Score.Units) <= Math.Abs(other.Score.Units));
    }

    /// <summary>
    /// A bound, in units of 0.0001, on what roundings do to the difference between two priorities: share and gap are rounded, by 1 unit
    /// together, then the priority, by half a unit; four times that covers both ends, the point between, and a gap that rounds to 0.
    /// </summary>
    public long RoundingOf(Contender other) => 4 + 4 * (Math.Abs(Score.Units) + Math.Abs(other.Score.Units)) / 1_000_000;
}
