using System.Globalization;
using System.Text;
using System.Text.Json;
using Overnight.Api.Problems;
using Overnight.Core.Explanations;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Recommendations;
using Overnight.Core.Scoring;

namespace Overnight.Api.Explanations;

/// <summary>What a client asks a what-if for; every field may be left out, and so may the body.</summary>
internal sealed record WhatIfRequest
{
    /// <summary>64 criteria take some 20,000.</summary>
    private const int MostBytes = 48 * 1024;

    /// <summary>Letters of a criterion's name, which the answer has for each holding.</summary>
    private const int LongestName = 200;

    private const string Fields = "contribution, targets, criteria, fundamental, shift and cash";

    public bool HasContribution { get; init; }
    public Decimal4? Contribution { get; init; }
    public IReadOnlyList<AskedTarget> Targets { get; init; } = [];
    public ReadOnlyMemory<Criterion>? Criteria { get; init; }
    public FundamentalValue? Fundamental { get; init; }
    public AskedShift? Shift { get; init; }
    public AskedCash? Cash { get; init; }

    /// <summary>A target of a class. What was not given stays.</summary>
    /// <param name="Path">The field, for messages.</param>
    public readonly record struct AskedTarget(string Path, Guid Class, Decimal4? Min, Decimal4? Max, Decimal4? MinAmount);

    public readonly record struct AskedShift(Guid Class, Decimal4 Points);

    /// <param name="Class">Null for the holdings without a class.</param>
    public readonly record struct AskedCash(Guid? Class, decimal Amount);

    public static Task<(WhatIfRequest Request, Dictionary<string, string[]> Errors)> ReadAsync(Stream body, CancellationToken ct) =>
        JsonBody.ReadAsync(body, MostBytes, Fields, new WhatIfRequest(), static (asked, field, errors) => asked.With(field, errors), ct);

    private WhatIfRequest With(JsonProperty field, Dictionary<string, string[]> errors)
    {
        WhatIfFields fields = new(errors);
        var value = field.Value;
        switch (field.Name)
        {
            case "contribution":
                var contribution =
                    value.ValueKind == JsonValueKind.Null ? null : fields.Amount(value, "contribution", WhatIfFields.LargestAmount);
                return this with { HasContribution = true, Contribution = contribution };
            case "targets":
                return this with { Targets = ReadTargets(value, fields) };
            case "criteria":
                return this with { Criteria = ReadCriteria(value, fields) };
            case "fundamental" when value.ValueKind != JsonValueKind.Null:
                return this with { Fundamental = ReadFundamental(value, fields) };
            case "shift" when value.ValueKind != JsonValueKind.Null:
                return this with { Shift = ReadShift(value, fields) };
            case "cash" when value.ValueKind != JsonValueKind.Null:
                return this with { Cash = ReadCash(value, fields) };
            case "fundamental" or "shift" or "cash":
                return this;
            default:
                fields.Add(field.Name, $"is not known; known are {Fields}");
                return this;
        }
    }

    private static List<AskedTarget> ReadTargets(JsonElement value, WhatIfFields fields)
    {
        List<AskedTarget> targets = [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            fields.Add("targets", $"must be an array, not {WhatIfFields.Shown(value)}");
            return targets;
        }
        foreach (var item in value.EnumerateArray())
        {
            var path = $"targets[{targets.Count}]";
            if (!fields.IsObject(item, path, "classId", "targetMin", "targetMax", "minAmount"))
                break;
            var id = fields.Id(item, path, "classId");
            if (targets.Exists(target => target.Class == id))
                fields.Add($"{path}.classId", $"{id:D} is named twice");
            targets.Add(
                new(path, id, Given("targetMin", 0, 100), Given("targetMax", 100, 100), Given("minAmount", 0, WhatIfFields.LargestAmount))
            );

            Decimal4? Given(string name, decimal missing, decimal most) =>
                !item.TryGetProperty(name, out var number) ? null
                : number.ValueKind == JsonValueKind.Null ? Decimal4.Round(missing)
                : fields.Amount(number, $"{path}.{name}", most);
        }
        return targets;
    }

    private static ReadOnlyMemory<Criterion>? ReadCriteria(JsonElement value, WhatIfFields fields)
    {
        List<Criterion> criteria = [];
        if (value.ValueKind != JsonValueKind.Array)
        {
            fields.Add("criteria", $"must be an array, not {WhatIfFields.Shown(value)}");
            return null;
        }
        try
        {
            CriteriaParser.Read(Encoding.UTF8.GetBytes(value.GetRawText()), criteria);
        }
        catch (CalculationException exception)
        {
            // The message begins with the field: criteria[0].points must be ...
            var end = exception.Message.IndexOf(' ', StringComparison.Ordinal);
            var field = exception.Message[..end].TrimEnd(':');
            fields.Add(field.EndsWith("].criteria", StringComparison.Ordinal) ? "criteria" : field, exception.Message[(end + 1)..]);
            return null;
        }
        if (criteria.Count == 0)
            fields.Add("criteria", "must have one criterion or more");
        for (var i = 0; i < criteria.Count; i++)
        {
            if (criteria[i].NameJson.Length > LongestName)
                fields.Add($"criteria[{i}].name", $"must have {LongestName} bytes at most, and has {criteria[i].NameJson.Length}");
        }
        return criteria.ToArray();
    }

    private static FundamentalValue? ReadFundamental(JsonElement value, WhatIfFields fields)
    {
        if (!fields.IsObject(value, "fundamental", "assetId", "metric", "value"))
            return null;
        var (asset, number) = (fields.Id(value, "fundamental", "assetId"), fields.Number(value, "fundamental", "value"));
        if (Math.Abs(number) >= WhatIfFields.LargestFundamental)
            fields.Add("fundamental.value", $"must be between -10^20 and 10^20, not {number}");
        var name = value.TryGetProperty("metric", out var metric) ? metric : default;
        if (name.ValueKind == JsonValueKind.String && Metrics.TryParse(Encoding.UTF8.GetBytes(name.GetString()!), out var known))
            return new(asset, known, number);
        fields.Add("fundamental.metric", $"must be one of {string.Join(", ", Metrics.Names)}, not {WhatIfFields.Shown(name)}");
        return null;
    }

    private static AskedShift? ReadShift(JsonElement value, WhatIfFields fields)
    {
        if (!fields.IsObject(value, "shift", "classId", "points"))
            return null;
        var (id, points) = (fields.Id(value, "shift", "classId"), fields.Number(value, "shift", "points"));
        if (points is >= -100 and <= 100)
            return new(id, Decimal4.Round(points));
        fields.Add("shift.points", $"must be between -100 and 100, not {points}");
        return null;
    }

    private static AskedCash? ReadCash(JsonElement value, WhatIfFields fields)
    {
        if (!fields.IsObject(value, "cash", "classId", "amount"))
            return null;
        var amount = fields.Number(value, "cash", "amount");
        if (Math.Abs(amount) > WhatIfFields.LargestAmount)
            fields.Add("cash.amount", $"must be between -{WhatIfFields.LargestAmount} and {WhatIfFields.LargestAmount}, not {amount}");
        if (value.TryGetProperty("classId", out var none) && none.ValueKind == JsonValueKind.Null)
            return new(null, amount);
        return new(fields.Id(value, "cash", "classId"), amount);
    }

    /// <summary>Finds in a result what the question names; errors say what the result does not have.</summary>
    public WhatIf Resolve(CalculationInputs inputs, Dictionary<string, string[]> errors)
    {
        var classes = inputs.Portfolio.Classes;
        List<TargetChange> targets = [];
        foreach (var target in Targets)
        {
            if (!Find(target.Class, $"{target.Path}.classId", out var index))
                continue;
            TargetChange change = new(
                index,
                target.Min ?? classes[index].TargetMin,
                target.Max ?? classes[index].TargetMax,
                target.MinAmount ?? classes[index].MinAmount
            );
            if (change.TargetMin > change.TargetMax)
                errors[$"{target.Path}.targetMin"] = [$"{change.TargetMin} is above targetMax {change.TargetMax}"];
            targets.Add(change);
        }
        if (Shift is { } shift && Find(shift.Class, "shift.classId", out var moved))
        {
            var at = targets.FindIndex(target => target.Class == moved);
            var own = at >= 0 ? targets[at] : new(moved, classes[moved].TargetMin, classes[moved].TargetMax, classes[moved].MinAmount);
            var (min, max) = (own.TargetMin + shift.Points, own.TargetMax + shift.Points);
            if (min.IsNegative || max > Decimal4.Hundred)
                errors["shift.points"] =
                [
                    $"must leave both ends of {Short(own.TargetMin)} to {Short(own.TargetMax)} within 0 and 100, and {Short(shift.Points)} moves them to "
                        + $"{Short(min)} and {Short(max)}",
                ];
            if (at >= 0)
                targets.RemoveAt(at);
            targets.Add(own with { TargetMin = min, TargetMax = max });
        }
        if (Fundamental is { } fundamental && !inputs.Holds(fundamental.AssetId))
            errors["fundamental.assetId"] = [$"{fundamental.AssetId:D} is no holding of this result"];
        HypotheticalCash? cash = null;
        if (Cash is { } asked)
        {
            var index = PortfolioHolding.Unclassified;
            if (asked.Class is null || Find(asked.Class.Value, "cash.classId", out index))
                cash = new(index, asked.Amount);
        }
        return new()
        {
            HasContribution = HasContribution,
            Contribution = Contribution,
            Targets = targets,
            Criteria = Criteria,
            Fundamental = Fundamental,
            Cash = cash,
        };

        static string Short(Decimal4 value) => value.ToDecimal().ToString("0.####", CultureInfo.InvariantCulture);

        bool Find(Guid id, string field, out int index)
        {
            index = classes.FindIndex(one => one.Id == id);
            if (index < 0)
                errors[field] = [$"{id:D} is no class of this result"];
            return index >= 0;
        }
    }
}
