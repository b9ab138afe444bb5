namespace Overnight.Core.Data;

/// <summary>An exchange. Its opening hours are not stored: <c>Core/Market/Calendars</c> and the configuration define them.</summary>
public sealed class Market
{
    public required string Code { get; init; }
    public required string Name { get; init; }
}

/// <summary>Something that can be held; its price is in <see cref="Currency"/>.</summary>
public sealed class Asset
{
    public Guid Id { get; init; }
    public required string Market { get; init; }
    public required string Symbol { get; init; }
    public required string Name { get; init; }
    public string? Sector { get; init; }
    public required string Currency { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A price of an asset at a time, in the asset's currency, with up to 8 decimals.</summary>
public sealed class Price
{
    public Guid AssetId { get; init; }
    public DateTimeOffset AsOf { get; init; }
    public decimal Amount { get; init; }
    public required string Source { get; init; }

    /// <summary>When it was stored. Of several of one time the one stored last counts; none is ever changed.</summary>
    public DateTimeOffset KnownAt { get; init; }
}

/// <summary>The metrics of an asset at a time; null where unknown. Yields and margins are in percent.</summary>
public sealed class Fundamentals
{
    public Guid AssetId { get; init; }
    public DateTimeOffset AsOf { get; init; }
    public decimal? DividendYield { get; init; }
    public decimal? PeRatio { get; init; }
    public decimal? PbRatio { get; init; }
    public decimal? MarketCap { get; init; }
    public decimal? Revenue { get; init; }
    public decimal? Earnings { get; init; }
    public decimal? SurplusYears { get; init; }
    public decimal? Roe { get; init; }
    public decimal? Roa { get; init; }
    public decimal? DebtToEquity { get; init; }
    public decimal? CurrentRatio { get; init; }
    public decimal? GrossMargin { get; init; }
    public decimal? NetMargin { get; init; }
    public decimal? PayoutRatio { get; init; }
    public decimal? EvEbitda { get; init; }
    public decimal? Eps { get; init; }
    public decimal? Ebitda { get; init; }
    public string[] Derived { get; init; } = [];
    public required string Source { get; init; }

    /// <summary>When it was stored. Of several of one time the one stored last counts; none is ever changed.</summary>
    public DateTimeOffset KnownAt { get; init; }
}

/// <summary>Units of <see cref="Quote"/> for one unit of <see cref="Base"/> at a time.</summary>
public sealed class ExchangeRate
{
    public required string Base { get; init; }
    public required string Quote { get; init; }
    public DateTimeOffset AsOf { get; init; }
    public decimal Rate { get; init; }
    public required string Source { get; init; }

    /// <summary>When it was stored. Of several of one time the one stored last counts; none is ever changed.</summary>
    public DateTimeOffset KnownAt { get; init; }
}
