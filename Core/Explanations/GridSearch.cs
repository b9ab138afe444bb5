using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>
/// Finds the number of steps nearest to 0 that makes a holding first, where steps move the value or the target of one class. Exact: a
/// stretch of steps is passed over only where it is certain that none of them does, anything else is halved, down to single steps, which
/// the calculation itself decides.
/// </summary>
/// <remarks>
/// Priority is not monotone in the steps, but linear in them (targets) or in 1 / total value (cash), save where the gap of a holding with a
/// negative score passes 0. Over a stretch without such a place the difference of two priorities is greatest at one end: a rival that leads
/// at both ends, by more than roundings can move, leads everywhere between. Where the holding leads, its amount is 0 only if what it
/// can get, its own share and the pool, is below the minimum of its class.
/// </remarks>
internal sealed class GridSearch
{
    private readonly Contender _subject;
    private readonly Contender[] _rivals;
    private readonly bool _isBehindAlways;
    private readonly ZeroAmountCheck _zeroAmount;
    private readonly ConstantAmountCheck _constantAmount;
    private readonly SearchProgress _progress;
    private readonly Func<int, AllocationShare[]> _allocate;
    private readonly Func<int, bool> _isFirst;

    /// <param name="inputs">The inputs before any step.</param>
    /// <param name="current">Their result.</param>
    /// <param name="holding">The holding to make first, with a price.</param>
    /// <param name="moved">Index into the allocations of the class that steps move.</param>
    /// <param name="allocate">The shares of all classes after a number of steps.</param>
    /// <param name="isFirst">Whether the holding is first after a number of steps.</param>
    /// <param name="progress">Is told of every stretch, and may end the search.</param>
    public GridSearch(
        CalculationInputs inputs,
        Calculation current,
        int holding,
        int moved,
        Func<int, AllocationShare[]> allocate,
        Func<int, bool> isFirst,
        SearchProgress progress
    )
    {
        (_allocate, _isFirst, _progress) = (allocate, isFirst, progress);
        var contenders = current.Ranked.ToArray().Select(r => Contender.Of(inputs, current, r)).ToList();
        _subject = contenders.Single(c => c.Holding == holding);
        _rivals = [.. contenders.Where(c => c.Holding != holding)];
        _isBehindAlways = _rivals.Any(r => r.Precedes(_subject) && HaveSamePriorityAlways(inputs, current, r, moved));
        var contribution = inputs.Portfolio.Contribution ?? Decimal4.Zero;
        (_zeroAmount, _constantAmount) = (new(_subject, _rivals, contribution), new(_subject, _rivals, contribution));
    }

    /// <summary>
    /// The number of steps nearest to 0 that makes the holding first, from <paramref name="near"/> to <paramref name="far"/>, both
    /// included; null for none.
    /// </summary>
    /// <param name="near">Of the sign of <paramref name="far"/>, and not further from 0.</param>
    public int? First(int near, int far) =>
        Math.Abs(near) > Math.Abs(far) || _isBehindAlways ? null : First(near, _allocate(near), far, _allocate(far));

    private int? First(int near, AllocationShare[] atNear, int far, AllocationShare[] atFar)
    {
        _progress.Try();
        if (near == far)
            return LeadsAt(atNear) && !_zeroAmount.IsZero(atNear, atNear) && _isFirst(near) ? near : null;
        if (IsLedBetween(atNear, atFar) || _zeroAmount.IsZero(atNear, atFar) || _constantAmount.IsZero(atNear, atFar))
            return null;
        var middle = near + (far - near) / 2;
        var next = middle + Math.Sign(far - near);
        return First(near, atNear, middle, middle == near ? atNear : _allocate(middle))
            ?? First(next, next == far ? atFar : _allocate(next), far, atFar);
    }

    private bool LeadsAt(AllocationShare[] shares)
    {
        var own = _subject.PriorityAt(shares);
        foreach (ref readonly var rival in _rivals.AsSpan())
        {
            var order = rival.PriorityAt(shares).CompareTo(own);
            if (order > 0 || (order == 0 && rival.Precedes(_subject)))
                return false;
        }
        return true;
    }

    private bool IsLedBetween(AllocationShare[] a, AllocationShare[] b)
    {
        var (ownA, ownB) = (_subject.PriorityAt(a).Units, _subject.PriorityAt(b).Units);
        var bends = _subject.BendsBetween(a, b);
        var most = bends ? 0 : Math.Max(ownA, ownB);
        foreach (ref readonly var rival in _rivals.AsSpan())
        {
            var (atA, atB) = (rival.PriorityAt(a).Units, rival.PriorityAt(b).Units);
            var precedes = rival.Precedes(_subject);
            // A gap moves one way only, so that a priority is least at an end, and greatest at an end or at gap 0.
            if (Math.Min(atA, atB) > most || (Math.Min(atA, atB) == most && precedes))
                return true;
            if (!bends && !rival.BendsBetween(a, b) && Math.Min(atA - ownA, atB - ownB) > _subject.RoundingOf(rival))
                return true;
            if (precedes && rival.LeadsInClassBetween(_subject, a, b))
                return true;
        }
        return false;
    }

    /// <summary>Whether two priorities are equal after any number of steps, so that the tie decides.</summary>
    private bool HaveSamePriorityAlways(CalculationInputs inputs, Calculation current, Contender rival, int moved)
    {
        if (rival.Score != _subject.Score)
            return false;
        if (rival.Score.Units == 0 || rival.Allocation == _subject.Allocation)
            return true;
        var classes = inputs.Portfolio.Classes;
        var (one, other) = (rival.Allocation, _subject.Allocation);
        // Holdings without a class are never eligible, but ranked: their class is compared by its own gap, and has no target to compare.
        return one != moved
            && other != moved
            && one < classes.Count
            && other < classes.Count
            && current.Allocations[one].Value == current.Allocations[other].Value
            && classes[one].TargetMin + classes[one].TargetMax == classes[other].TargetMin + classes[other].TargetMax;
    }
}
