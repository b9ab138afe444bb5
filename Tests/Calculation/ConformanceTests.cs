using System.Globalization;
using System.Text.Json;
using Overnight.Jobs.Calculation;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Calculation;

/// <summary>SPEC "Scoring" and "Recommending", against worked cases of an independent implementation.</summary>
public sealed class ConformanceTests
{
    [Fact]
    public async Task Calculate_WorkedCases_AllAgree()
    {
        var file = SharedData.Require("conformance", "cases.jsonl");
        var expected = File.ReadLines(file).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        using StringWriter output = new();
        using var input = File.OpenText(file);

        var summary = await CaseFileCalculator.RunAsync(input, output, TestContext.Current.CancellationToken);

        Assert.Empty(summary.Errors);
        var actual = output
            .ToString()
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)
            .ToList();
        Assert.Equal(expected.Count, actual.Count);
        Assert.All(expected.Zip(actual), pair => AssertAgrees(pair.First, pair.Second));
    }

    private static void AssertAgrees(JsonElement worked, JsonElement actual)
    {
        var expected = worked.GetProperty("expected");
        Assert.Equal(worked.GetProperty("case").GetInt32(), actual.GetProperty("case").GetInt32());
        AssertSame(expected.GetProperty("scores"), actual.GetProperty("scores"), "assetId", "score", "matched", "skipped");
        AssertSame(
            expected.GetProperty("allocations"),
            actual.GetProperty("allocations"),
            "classId",
            "current",
            "gap",
            "overAllocated",
            "value"
        );

        AssertSharesAfter(worked, actual);
        var (wanted, got) = (expected.GetProperty("recommendations"), actual.GetProperty("recommendations"));
        AssertSame(wanted, got, "assetId", "symbol", "allocationGap", "overAllocated");
        decimal sum = 0;
        foreach (var (w, g) in wanted.EnumerateArray().Zip(got.EnumerateArray()))
        {
            Assert.InRange(Math.Abs(Number(w, "amount") - Number(g, "amount")), 0, 0.0001m);
            sum += Number(g, "amount");
        }
        var contribution = worked.GetProperty("input").GetProperty("contribution");
        Assert.Equal(
            contribution.ValueKind == JsonValueKind.Null ? 0 : decimal.Parse(contribution.GetString()!, CultureInfo.InvariantCulture),
            sum + Number(actual, "unallocated")
        );
    }

    /// <summary>By the formula, from the worked values, which have 4 decimals, and the amounts.</summary>
    private static void AssertSharesAfter(JsonElement worked, JsonElement actual)
    {
        var classOf = worked
            .GetProperty("input")
            .GetProperty("assets")
            .EnumerateArray()
            .ToDictionary(a => a.GetProperty("assetId").GetString()!, a => a.GetProperty("classId").GetString() ?? "unclassified");
        var amounts = actual
            .GetProperty("recommendations")
            .EnumerateArray()
            .ToLookup(r => classOf[r.GetProperty("assetId").GetString()!], r => Number(r, "amount"));
        var expected = worked.GetProperty("expected").GetProperty("allocations").EnumerateArray().ToList();
        var total = expected.Sum(a => Number(a, "value")) + amounts.Sum(a => a.Sum());
        foreach (var (allocation, got) in expected.Zip(actual.GetProperty("allocations").EnumerateArray()))
        {
            var after = Number(allocation, "value") + amounts[allocation.GetProperty("classId").GetString()!].Sum();
            Assert.InRange(Number(got, "after") - (total == 0 ? 0 : 100 * after / total), -0.0001m, 0.0001m);
        }
    }

    private static void AssertSame(JsonElement expected, JsonElement actual, params string[] fields)
    {
        Assert.Equal(expected.GetArrayLength(), actual.GetArrayLength());
        foreach (var (e, a) in expected.EnumerateArray().Zip(actual.EnumerateArray()))
        {
            Assert.All(fields, field => Assert.Equal(e.GetProperty(field).ToString(), a.GetProperty(field).ToString()));
        }
    }

    private static decimal Number(JsonElement parent, string field) =>
        decimal.Parse(parent.GetProperty(field).GetString()!, CultureInfo.InvariantCulture);
}
