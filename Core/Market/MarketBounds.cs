namespace Overnight.Core.Market;

/// <summary>
/// The range of prices and rates from outside. A value beyond it is refused where it enters, because it can only be an error of its
/// source; within it the tables can hold the value, and a rate through the dollar keeps its 10 significant digits.
/// </summary>
public static class MarketBounds
{
    /// <summary>In the asset's currency.</summary>
    public const decimal LeastPrice = 0.00000001m,
        MostPrice = 10_000_000_000m;

    /// <summary>Units of one currency for one unit of another.</summary>
    public const decimal LeastRate = 0.00000000001m,
        MostRate = 1_000_000_000_000m;
}
