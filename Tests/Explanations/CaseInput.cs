using System.Text.Json;
using System.Text.Json.Serialization;

namespace Overnight.Tests.Explanations;

/// <summary>The <c>input</c> of a worked case, in the shape of the cases for the calculation.</summary>
internal sealed record CaseInput(
    string UserId,
    string BaseCurrency,
    decimal? Contribution,
    Dictionary<string, decimal> Rates,
    List<CaseClass> Classes,
    List<CaseCriterion> Criteria,
    List<CaseAsset> Assets
)
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.WriteAsString,
    };

    /// <summary>What is calculated: a holding that is ignored is only an asset of the market.</summary>
    [JsonIgnore]
    public List<CaseAsset> Holdings => Assets.FindAll(a => !a.Ignored);
}

internal sealed record CaseClass(string ClassId, string ClassName, decimal? TargetMin, decimal? TargetMax, decimal? MinAllocationValue)
{
    [JsonIgnore]
    public decimal Min => TargetMin ?? 0;

    [JsonIgnore]
    public decimal Max => TargetMax ?? 100;
}

internal sealed record CaseCriterion(
    string Id,
    string Name,
    string Metric,
    string Operator,
    decimal? Value,
    decimal? Value2,
    [property: JsonNumberHandling(JsonNumberHandling.Strict)] decimal Points,
    List<string> RequiredFundamentals
);

internal sealed record CaseAsset(
    string AssetId,
    string Symbol,
    decimal Quantity,
    string Currency,
    string? ClassId,
    decimal? Price,
    Dictionary<string, decimal?> Fundamentals,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Ignored = false
)
{
    public decimal? Figure(string metric) => Fundamentals.GetValueOrDefault(metric);
}
