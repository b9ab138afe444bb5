using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>The amounts of cash that are tried: whole numbers of steps of 10^(floor(log10 of the total value) - digits).</summary>
/// <param name="Digits">Digits that a step is below the first of the total value.</param>
/// <param name="Limit">The most steps, of either sign.</param>
internal readonly record struct CashGrid(int Digits, int Limit)
{
    public static readonly CashGrid Default = new(4, 100_000);

    /// <returns>The step in base currency, for a total value above 0.</returns>
    public decimal StepOf(Decimal4 total)
    {
        var exponent = -4 - Digits;
        for (var units = total.Units; units >= 10; units /= 10)
            exponent++;
        decimal step = 1;
        for (; exponent > 0; exponent--)
            step *= 10;
        for (; exponent < 0; exponent++)
            step /= 10;
        return step;
    }
}

/// <summary>
/// Finds the least change of the value of one class that makes a holding first, the increase first on a tie, then the class that is first
/// in the result. No class, those without one included, falls below a value of 0. A portfolio worth 0.0000 has no step.
/// </summary>
internal static class CashSearch
{
    public static CashChange? Find(CalculationInputs inputs, int holding, CashGrid grid, SearchProgress progress)
    {
        var current = inputs.Calculate();
        if (!current.TotalValue.IsPositive)
            return null;
        CashChange? best = null;
        for (var i = 0; i < current.Allocations.Length; i++)
        {
            ClassSearch search = new(inputs, current, holding, i, grid.StepOf(current.TotalValue), progress);
            // An increase wins a tie against a decrease of as many steps; against another class's increase the earlier class wins.
            best = search.Up(best is null ? grid.Limit : Math.Abs(best.Steps) - (best.Steps > 0 ? 1 : 0)) ?? best;
            best = search.Down(best is null ? grid.Limit : Math.Abs(best.Steps) - 1) ?? best;
        }
        return best;
    }

    private sealed class ClassSearch
    {
        private readonly CalculationInputs _inputs;
        private readonly Calculation _current;
        private readonly Calculation _probe;
        private readonly GridSearch _search;
        private readonly int _class;
        private readonly decimal _step;
        private readonly decimal _value;

        public ClassSearch(
            CalculationInputs inputs,
            Calculation current,
            int holding,
            int allocation,
            decimal step,
            SearchProgress progress
        )
        {
            (_inputs, _current, _step) = (inputs, current, step);
            _class = allocation < inputs.Portfolio.Classes.Count ? allocation : PortfolioHolding.Unclassified;
            _value = current.Allocations[allocation].Value;
            _probe = inputs.Calculate();
            _search = new(inputs, current, holding, allocation, Allocate, IsFirst, progress);

            bool IsFirst(int steps)
            {
                _probe.Recalculate(inputs.Portfolio, inputs.Market, Change(steps).Cash);
                return Counterfactuals.IsFirstOf(_probe, holding, inputs.Portfolio.Contribution);
            }
        }

        public CashChange? Up(int limit)
        {
            var room = (Decimal4.MaxValue - _current.TotalValue).ToDecimal() / _step;
            return Found(_search.First(1, Reach((int)Math.Min(limit, room))));
        }

        public CashChange? Down(int limit)
        {
            var far = Reach(-(int)Math.Min(limit, _value / _step));
            if (far == 0)
                return null;
            // When the last step takes the portfolio's whole value, shares jump to 0 by definition, so it is tried apart from the others.
            return Array.TrueForAll(Allocate(far), a => a.Value == 0)
                ? Found(_search.First(-1, far + 1) ?? _search.First(far, far))
                : Found(_search.First(-1, far));
        }

        private CashChange? Found(int? steps) => steps is { } found ? Change(found) : null;

        private CashChange Change(int steps) => new(steps, _step, new(_class, steps * _step));

        private AllocationShare[] Allocate(int steps)
        {
            _probe.Reallocate(_inputs.Portfolio, Change(steps).Cash);
            return _probe.Allocations.ToArray();
        }

        /// <summary>The steps, or the next nearer 0 that the calculation takes: roundings of 28 digits can go past a limit.</summary>
        private int Reach(int steps)
        {
            for (; steps != 0; steps -= Math.Sign(steps))
            {
                try
                {
                    Allocate(steps);
                    return steps;
                }
                catch (CalculationException)
                {
                    // The value is out of range by the last digit.
                }
            }
            return 0;
        }
    }
}
