using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>
/// Finds the least shift of the target range of a holding's class that makes it first, in hundredths of a percentage point, the increase
/// first on a tie. Both ends stay within 0 to 100; holdings without a class have no target to shift.
/// </summary>
internal static class ClassTargetSearch
{
    /// <summary>Units of 0.0001 in 0.01 percentage points.</summary>
    private const int Step = 100;

    public static TargetShift? Find(CalculationInputs inputs, int holding, SearchProgress progress)
    {
        var index = inputs.Portfolio.Holdings[holding].Class;
        if (index == PortfolioHolding.Unclassified)
            return null;
        var target = inputs.Portfolio.Classes[index];
        var (probe, moved) = (inputs.Calculate(), Shift(0).ApplyTo(inputs).Portfolio);
        GridSearch search = new(inputs, inputs.Calculate(), holding, index, Allocate, IsFirst, progress);

        var (above, below) = (StepsIn(Decimal4.Hundred - target.TargetMax), StepsIn(target.TargetMin));
        var up = search.First(1, above);
        // A shift down wins only with fewer steps than the shift up; an increase wins ties.
        var down = search.First(-1, -Math.Min(below, up - 1 ?? below));
        return (down ?? up) is { } steps ? Shift(steps) : null;

        TargetShift Shift(int steps)
        {
            Decimal4 shift = new((long)steps * Step);
            return new(index, steps, target.TargetMin + shift, target.TargetMax + shift);
        }

        UserPortfolio Move(int steps)
        {
            var shift = Shift(steps);
            moved.Classes[index] = target with { TargetMin = shift.TargetMin, TargetMax = shift.TargetMax };
            return moved;
        }

        AllocationShare[] Allocate(int steps)
        {
            probe.Reallocate(Move(steps), null);
            return probe.Allocations.ToArray();
        }

        bool IsFirst(int steps)
        {
            probe.Recalculate(Move(steps), inputs.Market, null);
            return Counterfactuals.IsFirstOf(probe, holding, moved.Contribution);
        }
    }

    private static int StepsIn(Decimal4 room) => (int)Math.Max(0, room.Units / Step);
}
