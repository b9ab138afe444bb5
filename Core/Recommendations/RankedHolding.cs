using Overnight.Core.Portfolios;

namespace Overnight.Core.Recommendations;

/// <summary>A holding in the order of buying: priority descending, then symbol (ordinal), then place in the portfolio.</summary>
/// <param name="holding">Index into the portfolio's holdings.</param>
/// <param name="allocation">Index into <see cref="Calculation.Allocations"/>.</param>
/// <param name="minimum">The class's smallest amount worth buying.</param>
public struct RankedHolding(int holding, int allocation, int symbolRank, Decimal4 priority, Decimal4 minimum, bool overAllocated)
    : IComparable<RankedHolding>
{
    public int Holding { get; } = holding;
    public int Allocation { get; } = allocation;
    public Decimal4 Priority { get; } = priority;
    public Decimal4 Minimum { get; } = minimum;

    /// <summary>Holdings of over-allocated classes get nothing.</summary>
    public bool OverAllocated { get; } = overAllocated;

    /// <summary>What to buy of it, in base currency.</summary>
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
