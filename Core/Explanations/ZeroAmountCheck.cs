using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>
/// Tells where a holding that leads would certainly get no amount: its class is over-allocated, or neither its own share nor the pool can
/// reach the minimum of its class while another holding takes what is pooled.
/// </summary>
/// <param name="subject">The holding; asked about only while it may be rank 1, and so is the first that the pool is offered to.</param>
internal sealed class ZeroAmountCheck(Contender subject, Contender[] rivals, Decimal4 contribution)
{
    /// <summary>More than all amounts together can differ from the contribution, in units: each is rounded by at most half a unit. The rest
    /// covers the floating point that shares are estimated with.</summary>
    private readonly double _tolerance = rivals.Length + 3 + contribution.Units * 1e-12;

    /// <summary>Whether the amount is 0 at both allocations and everywhere between them.</summary>
    public bool IsZero(AllocationShare[] a, AllocationShare[] b)
    {
        if (!contribution.IsPositive)
            return false;
        if (subject.IsOverAt(a) && subject.IsOverAt(b))
            return true;
        if (!subject.Minimum.IsPositive)
            return false;

        // The most that may compete for the contribution, by holdings that are eligible somewhere between.
        double most = 0;
        var eligible = 0;
        Count(subject);
        foreach (ref readonly var rival in rivals.AsSpan())
            Count(rival);

        double kept = 0;
        var hasTaker = false;
        foreach (ref readonly var rival in rivals.AsSpan())
        {
            if (rival.IsOverAt(a) || rival.IsOverAt(b))
                continue;
            hasTaker |= rival.Minimum.Units <= contribution.Units - _tolerance;
            var share = LeastShare(rival) * (1 - 1e-12) - 2;
            if (share > 0 && share >= rival.Minimum.Units)
                kept += share;
        }
        // What others keep is not pooled, and a holding that keeps something takes whatever is pooled and offered to nobody before it.
        var pooled = contribution.Units + _tolerance;
        if (kept > 0)
            return pooled - kept < subject.Minimum.Units;
        // The whole contribution is below the minimum, and reaches that of another.
        return hasTaker && pooled < subject.Minimum.Units;

        void Count(Contender one)
        {
            if (one.IsOverAt(a) && one.IsOverAt(b))
                return;
            eligible++;
            most += Math.Max(0, Math.Max(one.PriorityAt(a).Units, one.PriorityAt(b).Units));
        }

        double LeastShare(Contender one)
        {
            if (most == 0)
                return (double)contribution.Units / eligible;
            var (atA, atB) = (one.PriorityAt(a).Units, one.PriorityAt(b).Units);
            var least = Math.Min(atA, atB);
            return least <= 0 ? 0 : contribution.Units * (double)least / (most - Math.Max(atA, atB) + least);
        }
    }
}
