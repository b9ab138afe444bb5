namespace Overnight.Core.Data;

/// <summary>A market that a user configured.</summary>
public sealed class UserMarket
{
    public Guid UserId { get; init; }
    public required string Market { get; init; }
}

/// <summary>A user's next contribution in base currency, and the criteria version in force; one per user.</summary>
public sealed class Portfolio
{
    public Guid UserId { get; init; }
    public decimal? Contribution { get; set; }
    public int? CriteriaVersion { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A class of a user's assets with its allocation target in percent; unique by name per user.</summary>
public sealed class AssetClass
{
    public Guid UserId { get; init; }
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public decimal? TargetMin { get; set; }
    public decimal? TargetMax { get; set; }
    public decimal? MinAmount { get; set; }
}

/// <summary>A user's holding of an asset; the quantity has up to 8 decimals.</summary>
public sealed class Holding
{
    public Guid UserId { get; init; }
    public Guid AssetId { get; init; }
    public Guid? ClassId { get; set; }
    public decimal Quantity { get; set; }
    public bool Ignored { get; set; }
}

/// <summary>An immutable version of a user's criteria; <see cref="Rules"/> is the JSON array that the user wrote.</summary>
public sealed class CriteriaVersion
{
    public Guid UserId { get; init; }
    public int Version { get; init; }
    public Guid Id { get; init; }
    public required string Rules { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
