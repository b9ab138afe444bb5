using Overnight.Core.Market.Calendars;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>A result's entry as its page needs it. What entries of older writers lack is null or empty.</summary>
internal sealed record ResultDocument
{
    public ResultTimes Times { get; init; }
    public IReadOnlyList<StoredRecommendation> Recommendations { get; init; } = [];
    public IReadOnlyList<StoredClass> Classes { get; init; } = [];

    /// <summary>Shares by class in percent, which entries without <see cref="Classes"/> have.</summary>
    public IReadOnlyList<(string ClassName, decimal Current)> Allocations { get; init; } = [];

    public IReadOnlyList<(string Symbol, string Reason)> LeftOut { get; init; } = [];
    public decimal TotalValue { get; init; }
    public decimal TotalInvestable { get; init; }
    public decimal Unallocated { get; init; }
    public string Currency { get; init; } = "";
    public string CriteriaVersion { get; init; } = "";

    /// <summary>The run that computed it; null where the entry does not say.</summary>
    public string? Market { get; init; }
    public string? BusinessDate { get; init; }
    public int Revision { get; init; }
}

/// <param name="Amount">In the user's base currency.</param>
/// <param name="Gap">Midpoint of the class's target range minus its share, in percent.</param>
internal readonly record struct StoredRecommendation(
    int Rank,
    string Symbol,
    string? Name,
    string? ClassName,
    decimal Score,
    decimal Amount,
    decimal Gap,
    int CriteriaCount,
    string TopContributor
)
{
    /// <summary>Empty where the entry does not say.</summary>
    public Guid AssetId { get; init; }

    /// <summary>Whether its priority, which has 4 decimals, is above 0, so that it gets a share of its own.</summary>
    public bool HasPriority => Gap > 0 && Score > 0 && Math.Round(Gap * Score / 100, 4, MidpointRounding.AwayFromZero) > 0;
}

/// <summary>A class's shares and target range, in percent.</summary>
/// <param name="After">Once the amounts are bought.</param>
internal readonly record struct StoredClass(string ClassName, decimal Current, decimal TargetMin, decimal TargetMax, decimal After)
{
    /// <summary>
    /// Holdings without a class are one of their own, of which nothing is bought; a class of a user has a target, be it 0.
    /// </summary>
    private const string Unclassified = "unclassified";

    public bool HasTarget => TargetMax > 0 || ClassName != Unclassified;
    public bool IsOver => HasTarget && Current > TargetMax;
    public bool IsUnder => HasTarget && Current < TargetMin;
}
