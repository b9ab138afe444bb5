namespace Overnight.Core.Market;

/// <summary>
/// What a price or a rate from outside may be. A value beyond is no price of this world, and is refused where it enters, for
/// no user is at fault; within, the tables hold it, and a rate through the dollar keeps its 10 significant digits.
/// </summary>
public static class MarketBounds
{
    /// <summary>In the asset's own currency.</summary>
    public const decimal LeastPrice = 0.00000001m,
        MostPrice = 10_000_000_000m;

    /// <summary>Units of one currency for one unit of another.</summary>
    public const decimal LeastRate = 0.00000000001m,
        MostRate = 1_000_000_000_000m;
}
