using Overnight.Core.Portfolios;

namespace Overnight.Core.Explanations;

/// <summary>Splits the change between two results, in any order of the factors. Not thread-safe.</summary>
internal sealed class ChangeSplit
{
    private readonly CalculationInputs _before;
    private readonly CalculationInputs _after;
    private readonly ResultAmounts _older;
    private readonly ResultAmounts _newer;
    private readonly MixedInputs _mixed;

    /// <summary>Amounts by the factors that are those of the newer result, a bit each; null where they can't be calculated.</summary>
    private readonly Dictionary<int, ResultAmounts?> _states = [];

    /// <exception cref="ArgumentException">One of the inputs has cash.</exception>
    /// <exception cref="CalculationException">One of the two results can't be calculated again.</exception>
    public ChangeSplit(CalculationInputs before, CalculationInputs after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (before.Cash is not null || after.Cash is not null)
            throw new ArgumentException("Changes are between captured inputs, which have no cash.", nameof(after));
        (_before, _after) = (before, after);
        (_older, _newer) = (ResultAmounts.Of(before), ResultAmounts.Of(after));
        _mixed = new(before, after);
    }

    /// <param name="order">All factors, in the order in which they are taken from the newer result.</param>
    public ResultChanges In(IReadOnlyList<ChangeFactor> order)
    {
        List<ResultAmounts> states = [_older];
        List<IReadOnlyList<ChangeFactor>> steps = [];
        if (_before.Portfolio.BaseCurrency == _after.Portfolio.BaseCurrency)
            Split(order, states, steps);
        // Without a split, too, the holdings of both results are listed, those of the newer one first.
        var holdings = states.Prepend(_newer).SelectMany(s => s.Holdings).DistinctBy(h => h.AssetId);
        return new(
            _before.Portfolio.BaseCurrency,
            _after.Portfolio.BaseCurrency,
            steps,
            [.. holdings.Select(h => ChangeOf(h.AssetId, h.Symbol, states))]
        );
    }

    private void Split(IReadOnlyList<ChangeFactor> order, List<ResultAmounts> states, List<IReadOnlyList<ChangeFactor>> steps)
    {
        var taken = 0;
        List<ChangeFactor> step = [];
        for (var i = 0; i < order.Count; i++)
        {
            taken |= 1 << (int)order[i];
            step.Add(order[i]);
            // With every factor taken the inputs are those of the newer result.
            if ((i == order.Count - 1 ? _newer : StateOf(taken)) is not { } state)
                continue;
            states.Add(state);
            steps.Add(step);
            step = [];
        }
    }

    private ResultAmounts? StateOf(int taken)
    {
        if (!_states.TryGetValue(taken, out var state))
            _states.Add(taken, state = ResultAmounts.TryOf(_mixed.Take(factor => (taken >> (int)factor & 1) != 0)));
        return state;
    }

    private HoldingChange ChangeOf(Guid assetId, string symbol, List<ResultAmounts> states)
    {
        var amounts = states.ConvertAll(s => s.Find(assetId) ?? Decimal4.Zero);
        return new(assetId, symbol, _older.Find(assetId), _newer.Find(assetId), [.. amounts.Skip(1).Zip(amounts, (to, from) => to - from)]);
    }
}
