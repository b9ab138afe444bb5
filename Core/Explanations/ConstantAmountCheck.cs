using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>
/// Tells where a holding that leads gets the same amount of 0 over a whole stretch of steps, because no share of the contribution rounds to
/// another number there. Contributions of a few units of 0.0001 have long stretches of this kind, in which rounding takes the leader's
/// amount away, and <see cref="ZeroAmountCheck"/>, which allows for roundings, tells nothing.
/// </summary>
/// <remarks>
/// With the holding first, its amount depends on shares and minimums alone, and not on the order of the others: it is offered the pool
/// first, and whoever else takes the pool has reached a minimum and gives nothing back.
/// </remarks>
/// <param name="subject">The holding; asked about only while it may be rank 1.</param>
internal sealed class ConstantAmountCheck(Contender subject, Contender[] rivals, Decimal4 contribution)
{
    private readonly Contender[] _all = [subject, .. rivals];
    private readonly RankedHolding[] _ranked = new RankedHolding[rivals.Length + 1];

    /// <summary>Whether the amount is 0 at both allocations and everywhere between them.</summary>
    public bool IsZero(AllocationShare[] a, AllocationShare[] b) => contribution.IsPositive && IsConstant(a, b) && !AmountAt(a).IsPositive;

    /// <summary>
    /// Whether every rounded share is the same between two allocations. A gap moves one way only, and so do positive priorities: each share
    /// is least with its own priority at its least and the others at their most.
    /// </summary>
    private bool IsConstant(AllocationShare[] a, AllocationShare[] b)
    {
        Int128 least = 0,
            most = 0;
        foreach (ref readonly var one in _all.AsSpan())
        {
            if (one.IsOverAt(a) != one.IsOverAt(b))
                return false;
            if (one.IsOverAt(a))
                continue;
            var (low, high) = RangeOf(one, a, b);
            least += low;
            most += high;
        }
        // Without any positive priority the shares are equal throughout. Where all priorities may be 0 at one step only, shares may change.
        if (most == 0 || least == 0)
            return most == 0;
        foreach (ref readonly var one in _all.AsSpan())
        {
            if (one.IsOverAt(a))
                continue;
            var (low, high) = RangeOf(one, a, b);
            if (high > 0 && Share(low, low + most - high) != Share(high, high + least - low))
                return false;
        }
        return true;
    }

    private static (long Low, long High) RangeOf(Contender one, AllocationShare[] a, AllocationShare[] b)
    {
        var (atA, atB) = (Math.Max(0, one.PriorityAt(a).Units), Math.Max(0, one.PriorityAt(b).Units));
        return (Math.Min(atA, atB), Math.Max(atA, atB));
    }

    private Decimal4 Share(long priority, Int128 positive) => Decimal4.Divide((Int128)contribution.Units * priority, positive);

    private Decimal4 AmountAt(AllocationShare[] shares)
    {
        for (var i = 0; i < _all.Length; i++)
        {
            var one = _all[i];
            _ranked[i] = new(one.Holding, one.Allocation, one.SymbolRank, one.PriorityAt(shares), one.Minimum, one.IsOverAt(shares));
        }
        ContributionSplit.Distribute(_ranked, contribution);
        return _ranked[0].Amount;
    }
}
