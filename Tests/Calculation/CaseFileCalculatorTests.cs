using System.Text.Json;
using System.Text.Json.Nodes;
using Overnight.Jobs.Calculation;

namespace Overnight.Tests.Calculation;

public sealed class CaseFileCalculatorTests
{
    private const string Good = """
        {"case":"one","input":{"userId":"u","baseCurrency":"USD","contribution":"100","rates":{"EUR_USD":"1.1"},
        "classes":[{"classId":"a","className":"A","targetMin":"0","targetMax":"100","minAllocationValue":null}],
        "criteria":[{"id":"c","name":"cheap","metric":"pe_ratio","operator":"lt","value":"20","value2":null,"points":10,"requiredFundamentals":["pe_ratio"]}],
        "assets":[{"assetId":"x","symbol":"X","quantity":"2","currency":"EUR","classId":"a","price":"10","fundamentals":{"pe_ratio":"15"}}]}}
        """;

    [Theory]
    [InlineData("baseCurrency", "\"usd\"", "input.baseCurrency")]
    [InlineData("contribution", "\"-1\"", "input.contribution")]
    [InlineData("contribution", "\"a lot\"", "input.contribution")]
    [InlineData("contribution", "\"99999999999999999999\"", "input.contribution")]
    [InlineData("rates", "{}", "input.rates")]
    [InlineData("rates", "{\"EUR_USD\":\"0\"}", "input.rates.EUR_USD")]
    [InlineData("classes", "null", "input.classes")]
    [InlineData("criteria", "[]", "input.criteria")]
    [InlineData("assets", "[]", "input.assets")]
    public async Task Calculate_BadField_NamesCaseAndField(string field, string value, string named)
    {
        var bad = JsonNode.Parse(Good)!;
        bad["input"]![field] = JsonNode.Parse(value);

        var (errors, answers) = await RunAsync(bad.ToJsonString());

        Assert.Contains("case one", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Contains(named, errors[0], StringComparison.Ordinal);
        Assert.Equal("one", answers[0].GetProperty("case").GetString());
        Assert.Contains(named, answers[0].GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("operator", "\"near\"", "input.criteria[0].operator")]
    [InlineData("metric", "\"beauty\"", "input.criteria[0].metric")]
    [InlineData("points", "101", "input.criteria[0].points")]
    [InlineData("value", "\"high\"", "input.criteria[0].value")]
    [InlineData("requiredFundamentals", "[\"beauty\"]", "input.criteria[0].requiredFundamentals")]
    [InlineData("requiredFundamentals", "\"pe_ratio\"", "input.criteria[0].requiredFundamentals")]
    public async Task Calculate_BadCriterion_NamesTheField(string field, string value, string named)
    {
        var bad = JsonNode.Parse(Good)!;
        bad["input"]!["criteria"]![0]![field] = JsonNode.Parse(value);

        var (errors, _) = await RunAsync(bad.ToJsonString());

        Assert.Contains(named, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calculate_BadCaseBetweenGoodOnes_DoesNotStopThem()
    {
        var good = JsonNode.Parse(Good)!.ToJsonString();

        var (errors, answers) = await RunAsync($"{good}\nnot json\n\n{good}");

        Assert.Contains("line 2", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal([true, false, true], answers.Select(a => a.TryGetProperty("recommendations", out _)));
        Assert.Equal("100.0000", answers[2].GetProperty("recommendations")[0].GetProperty("amount").GetString());
    }

    /// <summary>The field that holds the half, the path that is told, and the name in the answer.</summary>
    [Theory]
    [InlineData("\"symbol\":\"X\"", "\"symbol\":\"X\\ud83d\"", "input.assets[0].symbol", "case")]
    [InlineData("\"className\":\"A\"", "\"className\":\"\\udc00A\"", "input.classes[0].className", "case")]
    [InlineData("\"fundamentals\":{", "\"fundamentals\":{\"roe\\ud83d\":1,", "input.assets[0].fundamentals.roe\\ud83d", "case")]
    [InlineData("\"quantity\":\"2\"", "\"quantity\":\"2\\ud83d\"", "input.assets[0].quantity", "case")]
    [InlineData("\"EUR_USD\":", "\"\\ud83dEUR_USD\":", "input.rates.\\ud83dEUR_USD", "case")]
    [InlineData("\"name\":\"cheap\"", "\"name\":\"cheap\\ud83d\\ud83d\\udc00\"", "input.criteria[0].name", "case")]
    [InlineData("\"case\":\"one\"", "\"case\":\"one\\ud83d\"", "case", "line")]
    [InlineData("\"case\":\"one\"", "\"\\ud83d\":1,\"case\":\"one\"", "\\ud83d", "line")]
    public async Task Calculate_B3_HalfOfASurrogatePair_NamesTheFieldAndStopsNoOtherCase(string good, string bad, string path, string named)
    {
        var line = Good.ReplaceLineEndings("");
        Assert.Contains(good, line, StringComparison.Ordinal);

        var (errors, answers) = await RunAsync($"{line}\n{line.Replace(good, bad, StringComparison.Ordinal)}\n{line}");

        Assert.Contains($"{path} must be Unicode", Assert.Single(errors), StringComparison.Ordinal);
        Assert.Equal([true, false, true], answers.Select(a => a.TryGetProperty("recommendations", out _)));
        Assert.StartsWith($"{path} must be Unicode", answers[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.True(answers[1].TryGetProperty(named, out _));
    }

    [Theory]
    [InlineData("\"contribution\":\"100\"", "\"contribution\":\"100\",\"contribution\":\"200\"", "input.contribution")]
    [InlineData("\"EUR_USD\":\"1.1\"", "\"EUR_USD\":\"1.1\",\"EUR_USD\":\"2\"", "input.rates.EUR_USD")]
    [InlineData("\"points\":10", "\"points\":10,\"points\":10", "input.criteria[0].points")]
    [InlineData("{\"case\":\"one\"", "{\"case\":\"two\",\"case\":\"one\"", "case")]
    public async Task Calculate_NameGivenTwice_IsNamedAndStopsNoOtherCase(string good, string bad, string path)
    {
        var line = Good.ReplaceLineEndings("");
        Assert.Contains(good, line, StringComparison.Ordinal);

        var (errors, answers) = await RunAsync($"{line.Replace(good, bad, StringComparison.Ordinal)}\n{line}");

        Assert.Equal($"case one: {path} must be given once", Assert.Single(errors));
        Assert.Equal([false, true], answers.Select(a => a.TryGetProperty("recommendations", out _)));
    }

    [Fact]
    public async Task Calculate_CriterionIdWithQuotesAndUnicode_ComesBackAsItWas()
    {
        var input = JsonNode.Parse(Good)!;
        input["input"]!["criteria"]![0]!["id"] = "a \"b\" ü \\";

        var (_, answers) = await RunAsync(input.ToJsonString());

        Assert.Equal("a \"b\" ü \\", answers[0].GetProperty("scores")[0].GetProperty("matched")[0].GetString());
    }

    private static async Task<(IReadOnlyList<string> Errors, List<JsonElement> Answers)> RunAsync(string lines)
    {
        using StringReader input = new(lines);
        using StringWriter output = new();
        var summary = await CaseFileCalculator.RunAsync(input, output, TestContext.Current.CancellationToken);
        return (
            summary.Errors,
            [.. output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)]
        );
    }
}
