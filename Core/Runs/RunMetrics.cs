using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Core.Runs;

/// <summary>
/// What a run took and did, as the column <c>metrics</c> of its row and the API have it (SPEC A7), in snake case; times in
/// milliseconds. The planner leaves the first of it, whoever ends the run completes it; what is not known yet is not there.
/// </summary>
public sealed record RunMetrics
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

    /// <summary>Summed over workers that do it at once, as is <see cref="CacheWarmMs"/>.</summary>
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

    /// <summary>What each provider delivered; null for none asked.</summary>
    public JsonElement? Providers { get; init; }

    /// <param name="json">Null before the plan.</param>
    public static RunMetrics Read(string? json) => json is null ? new() : JsonSerializer.Deserialize<RunMetrics>(json, SnakeCase)!;

    public string ToJson() => JsonSerializer.Serialize(this, SnakeCase);
}
