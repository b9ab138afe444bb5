using Overnight.Core.Portfolios;

namespace Overnight.Core.Recommendations;

/// <summary>A holding in the order of buying: priority descending, then symbol (ordinal), then index in the portfolio.</summary>
/// <param name="holding">Index into the portfolio's holdings.</param>
/// <param name="allocation">Index into <see cref="Calculation.Allocations"/>.</param>
/// <param name="symbolRank">Rank of the symbol in ordinal order.</param>
/// <param name="priority">Class gap x score / 100, with 4 decimals.</param>
/// <param name="minimum">The class's smallest amount worth buying, in base currency.</param>
/// <param name="overAllocated">Whether the holding's class exceeds its target.</param>
public struct RankedHolding(int holding, int allocation, int symbolRank, Decimal4 priority, Decimal4 minimum, bool overAllocated)
    : IComparable<RankedHolding>
{
    public int Holding { get; } = holding;
    public int Allocation { get; } = allocation;
    public Decimal4 Priority { get; } = priority;
    public Decimal4 Minimum { get; } = minimum;

    /// <summary>Whether the holding's class exceeds its target; its amount is then 0.</summary>
    public bool OverAllocated { get; } = overAllocated;

    /// <summary>The recommended amount, in base currency.</summary>
    public Decimal4 Amount { get; internal set; }

    private int SymbolRank { get; } = symbolRank;

    public readonly int CompareTo(RankedHolding other)
    {
        var order = other.Priority.CompareTo(Priority);
        if (order == 0)
            order = SymbolRank.CompareTo(other.SymbolRank);
        return order != 0 ? order : Holding.CompareTo(other.Holding);
    }
}
