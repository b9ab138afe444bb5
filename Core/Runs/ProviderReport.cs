using System.Text.Json;
using System.Text.Json.Serialization;
using Overnight.Core.Json;

namespace Overnight.Core.Runs;

/// <summary>The outcome of one provider in a run; it is kept in the run's metrics.</summary>
/// <param name="Feed"><c>rates</c> or <c>prices</c>.</param>
/// <param name="Outcome">One of <see cref="ProviderOutcome"/>.</param>
/// <param name="Reason">Why it failed, such as <c>timeout</c>.</param>
/// <param name="Values">How many of its values are used.</param>
/// <param name="Refused">How many of its values were refused or missing.</param>
/// <param name="Refusals">The first refusals.</param>
/// <param name="StaleSince">Time of the oldest stored value that replaces a newer one; null when none does.</param>
/// <param name="AsOf">Time of the newest value of it that was accepted; null when none was.</param>
internal sealed record ProviderReport(
    string Feed,
    string Provider,
    string Outcome,
    string? Reason = null,
    string? Detail = null,
    int Values = 0,
    int Refused = 0,
    IReadOnlyList<Refusal>? Refusals = null,
    [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? StaleSince = null,
    double TookMs = 0,
    [property: JsonConverter(typeof(UtcTime))] DateTimeOffset? AsOf = null
)
{
    /// <summary>Limits the report, so that a feed of wrong values does not fill the run's row.</summary>
    public const int MostRefusals = 20;

    /// <summary>Whether a person should look at it: a provider failed, or values were refused or are stale.</summary>
    [JsonIgnore]
    public bool IsRemarkable => Outcome is ProviderOutcome.Failed or ProviderOutcome.Stale || Refused > 0;

    public static JsonElement Json(IReadOnlyList<ProviderReport> reports) => JsonSerializer.SerializeToElement(reports, SnakeCase);

    /// <returns>The reports in a run's metrics.</returns>
    public static IReadOnlyList<ProviderReport> Read(RunStatistics metrics) =>
        metrics.Providers?.Deserialize<List<ProviderReport>>(SnakeCase) ?? [];

    /// <summary>Why providers failed, in parentheses, for the end of a sentence; empty when none did.</summary>
    public static string Failures(IReadOnlyList<ProviderReport> reports)
    {
        var failed = reports.Where(r => r.Outcome == ProviderOutcome.Failed).Select(r => $"{r.Provider}: {r.Reason}, {r.Detail}").ToList();
        return failed.Count == 0 ? "" : $" ({string.Join("; ", failed)})";
    }

    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}

internal static class ProviderOutcome
{
    /// <summary>The provider delivered values that are used.</summary>
    public const string Used = "used";

    /// <summary>The provider did not deliver, or its answer was refused.</summary>
    public const string Failed = "failed";

    /// <summary>Last stored values replace what providers should have delivered.</summary>
    public const string Stale = "stale";

    /// <summary>The provider was not asked, because the providers before it delivered everything.</summary>
    public const string NotAsked = "not_asked";
}

/// <summary>A value that was refused, and why.</summary>
/// <param name="Key">A currency or a symbol.</param>
internal sealed record Refusal(string Key, string Reason, string? Detail)
{
    /// <summary>A stored value that is beyond <see cref="Market.MarketBounds"/>.</summary>
    public static Refusal OutOfRange(string key, decimal value, DateTimeOffset asOf) =>
        new(key, "out_of_range", $"{value} of {asOf:yyyy-MM-dd}, stored");
}
