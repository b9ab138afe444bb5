namespace Overnight.Core.Explanations;

/// <summary>What can differ between the inputs of two results, in the order in which a change is split (SPEC C7).</summary>
public enum ChangeFactor
{
    /// <summary>The version of the calculation rules.</summary>
    Rules,

    /// <summary>Exchange rates.</summary>
    Rates,

    /// <summary>Prices, each with its currency, and the symbols of assets, which decide between equal priorities.</summary>
    Prices,

    /// <summary>The figures that criteria compare.</summary>
    Fundamentals,

    /// <summary>Which assets are held and not ignored, their quantities, and the class of each.</summary>
    Holdings,

    /// <summary>The user's criteria.</summary>
    Criteria,

    /// <summary>Target ranges and smallest amounts of classes.</summary>
    Targets,

    /// <summary>The contribution.</summary>
    Contribution,
}
