namespace Overnight.Core.Portfolios;

/// <summary>What one user has and wants: holdings, classes with targets, a contribution. One object is refilled for a batch.</summary>
/// <remarks>Amounts are in the user's base currency, targets in percent. Classes keep the order in which they were added.</remarks>
public sealed class UserPortfolio
{
    public Guid UserId { get; set; }

    /// <summary>ISO 4217; every amount of the result is in this currency.</summary>
    public string BaseCurrency { get; set; } = "";

    /// <summary>The next contribution, 0 or more; null when none is planned.</summary>
    public Decimal4? Contribution { get; set; }

    public Guid CriteriaVersionId { get; set; }
    public int CriteriaVersion { get; set; }

    public List<PortfolioClass> Classes { get; } = [];
    public List<PortfolioHolding> Holdings { get; } = [];

    public void Clear()
    {
        Classes.Clear();
        Holdings.Clear();
    }
}

/// <summary>A class with its allocation target.</summary>
/// <param name="NameJson">The name as the inside of a JSON string: UTF-8, already escaped.</param>
/// <param name="TargetMin">Percent; a missing minimum is 0.</param>
/// <param name="TargetMax">Percent; a missing maximum is 100.</param>
/// <param name="MinAmount">The smallest amount worth buying, in base currency; a missing one is 0.</param>
public readonly record struct PortfolioClass(
    Guid Id,
    ReadOnlyMemory<byte> NameJson,
    Decimal4 TargetMin,
    Decimal4 TargetMax,
    Decimal4 MinAmount
);

/// <summary>A holding that is not ignored.</summary>
/// <param name="Asset">The asset's ordinal in the market snapshot.</param>
/// <param name="Class">Index into <see cref="UserPortfolio.Classes"/>, or <see cref="Unclassified"/>.</param>
/// <param name="Quantity">Units held, 0 or more, up to 8 decimals.</param>
public readonly record struct PortfolioHolding(int Asset, int Class, decimal Quantity)
{
    /// <summary>Holdings without a class form a class of their own with target 0 to 0, which always counts as over-allocated.</summary>
    public const int Unclassified = -1;
}
