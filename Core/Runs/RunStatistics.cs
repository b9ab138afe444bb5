using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Core.Runs;

/// <summary>
/// Durations and counts of a run, as in the column <c>metrics</c> of its row and in the API, in snake case; durations are in milliseconds.
/// The planner writes the first of them, the replica that ends the run completes them; fields that are not known yet are left out.
/// </summary>
public sealed record RunStatistics
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public double? SetUpMs { get; init; }
    public double FetchRatesMs { get; init; }
    public double FetchPricesMs { get; init; }
    public double? ProcessUsersMs { get; init; }

    /// <summary>Sum over workers that run concurrently, as is <see cref="CacheWarmMs"/>.</summary>
    public double? WorkMs { get; init; }

    public double? CacheWarmMs { get; init; }
    public double? FinaliseMs { get; init; }
    public double? TotalMs { get; init; }
    public long? UsersTotal { get; init; }
    public long? UsersSuccess { get; init; }
    public long? UsersFailed { get; init; }
    public long? AssetsScored { get; init; }
    public long? RecommendationsGenerated { get; init; }
    public long? Batches { get; init; }
    public long? BatchesSplit { get; init; }
    public long? BatchesUncached { get; init; }
    public long? UsersCached { get; init; }
    public int Assets { get; init; }
    public int Rates { get; init; }

    /// <summary>What each provider delivered; null when none was asked.</summary>
    public JsonElement? Providers { get; init; }

    /// <summary>What a run of a past business date computes from; null for other runs.</summary>
    public AsOfMetrics? AsOf { get; init; }

    /// <param name="json">The column's text; null before the run is planned.</param>
    public static RunStatistics Read(string? json) => json is null ? new() : JsonSerializer.Deserialize<RunStatistics>(json, SnakeCase)!;

    public string ToJson() => JsonSerializer.Serialize(this, SnakeCase);
}

/// <summary>What a run of a past business date computes from.</summary>
/// <param name="Due">When the night of that date was due.</param>
/// <param name="SnapshotOf">The run whose market snapshot and portfolios it uses; null where no run of the date has one.</param>
/// <param name="PortfoliosCaptured">Users whose portfolios are those of that night; the others have today's.</param>
/// <param name="MarketValues"><c>snapshot</c>; else stored values of <c>then</c>, or of <c>today</c> where none is so old.</param>
public sealed record AsOfMetrics(DateTimeOffset Due, Guid? SnapshotOf, long PortfoliosCaptured, string MarketValues)
{
    public const string OfSnapshot = "snapshot",
        Then = "then",
        Today = "today";
}
