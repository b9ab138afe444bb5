using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;

namespace Overnight.Core.Explanations;

/// <summary>
/// What would have made a holding first (SPEC C7): the least change of each of three kinds, which are never compared with each other. First
/// is rank 1 and, where there is a contribution above 0, an amount above 0 after pooling. A kind is null when no change of it makes the
/// holding first.
/// </summary>
/// <param name="IsFirst">The holding is first already, and no change is looked for.</param>
public sealed record Counterfactuals(bool IsFirst, FundamentalChange? Fundamental, TargetShift? Target, CashChange? Cash)
{
    /// <param name="inputs">As captured, without cash.</param>
    /// <param name="holding">Index into the portfolio's holdings. No change makes a holding without a price first.</param>
    /// <exception cref="ArgumentException">The inputs have cash, or there is no such holding.</exception>
    /// <exception cref="CalculationException">The inputs can't be calculated.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled: some portfolios take seconds.</exception>
    public static Counterfactuals Of(CalculationInputs inputs, int holding, CancellationToken ct = default) =>
        Of(inputs, holding, CashGrid.Default, new(ct));

    internal static Counterfactuals Of(CalculationInputs inputs, int holding, CashGrid grid, SearchProgress progress)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfNegative(holding);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(holding, inputs.Portfolio.Holdings.Count);
        if (inputs.Cash is not null)
            throw new ArgumentException("Counterfactuals are of captured inputs, which have no cash.", nameof(inputs));
        inputs.RequireNewestRules();
        var current = inputs.Calculate();
        if (IsFirstOf(current, holding, inputs.Portfolio.Contribution))
            return new(true, null, null, null);
        if (!IsRanked(current, holding))
            return new(false, null, null, null);
        var own = inputs.Narrow();
        return new(
            false,
            FundamentalSearch.Find(own, holding, progress),
            ClassTargetSearch.Find(own, holding, progress),
            CashSearch.Find(own, holding, grid, progress)
        );
    }

    /// <summary>Whether the holding is rank 1 and, where there is a contribution, has an amount.</summary>
    internal static bool IsFirstOf(Calculation calculation, int holding, Decimal4? contribution) =>
        !calculation.Ranked.IsEmpty
        && calculation.Ranked[0].Holding == holding
        && (contribution is not { IsPositive: true } || calculation.Ranked[0].Amount.IsPositive);

    private static bool IsRanked(Calculation calculation, int holding)
    {
        foreach (ref readonly var ranked in calculation.Ranked)
        {
            if (ranked.Holding == holding)
                return true;
        }
        return false;
    }
}

/// <summary>One fundamental of one asset, moved to a bound of a criterion or 0.00000001 beside it.</summary>
/// <param name="From">The asset's value.</param>
/// <param name="To">The value that makes the holding first.</param>
/// <param name="Criterion">Index of the criterion whose bound it is, the first of several.</param>
public sealed record FundamentalChange(Guid AssetId, Metric Metric, decimal From, decimal To, int Criterion)
{
    /// <summary>The inputs with this change made.</summary>
    public CalculationInputs ApplyTo(CalculationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Narrow(asset => asset.Id == AssetId ? ApplyTo(asset) : asset);
    }

    /// <summary>Rounds the value as a what-if does, so that the what-if of this change gives the same result.</summary>
    internal SnapshotAsset ApplyTo(SnapshotAsset asset) => new FundamentalValue(AssetId, Metric, To).ApplyTo(asset);
}

/// <summary>The target range of a class, moved as it is; in percent.</summary>
/// <param name="Class">Index into the portfolio's classes.</param>
/// <param name="Steps">Hundredths of a percentage point, of either sign.</param>
/// <param name="TargetMin">The moved minimum.</param>
/// <param name="TargetMax">The moved maximum.</param>
public sealed record TargetShift(int Class, int Steps, Decimal4 TargetMin, Decimal4 TargetMax)
{
    /// <summary>The inputs with this change made.</summary>
    public CalculationInputs ApplyTo(CalculationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.WithTarget(Class, TargetMin, TargetMax);
    }
}

/// <summary>More or less value in one class, as cash of it.</summary>
/// <param name="Steps">Number of steps, of either sign.</param>
/// <param name="Step">A power of ten with 5 digits less than the portfolio's value, in base currency.</param>
/// <param name="Cash">Class and amount: <paramref name="Steps"/> x <paramref name="Step"/>.</param>
public sealed record CashChange(int Steps, decimal Step, HypotheticalCash Cash)
{
    /// <summary>The inputs with this change made.</summary>
    public CalculationInputs ApplyTo(CalculationInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs with { Cash = Cash };
    }
}
