using System.Text;
using Overnight.Core.Market;
using Overnight.Core.Portfolios;
using Overnight.Core.Scoring;

namespace Overnight.Tests.Calculation;

/// <summary>SPEC A5: criteria are read as their user wrote them, or refused with the criterion and the field.</summary>
public sealed class CriteriaParserTests
{
    private const string Known =
        "dividend_yield, pe_ratio, pb_ratio, market_cap, revenue, earnings, surplus_years, roe, roa, debt_to_equity, current_ratio, "
        + "gross_margin, net_margin, payout_ratio, ev_ebitda";

    [Theory]
    [InlineData("gt", ComparisonOperator.GreaterThan)]
    [InlineData("gte", ComparisonOperator.GreaterOrEqual)]
    [InlineData("lt", ComparisonOperator.LessThan)]
    [InlineData("lte", ComparisonOperator.LessOrEqual)]
    [InlineData("equals", ComparisonOperator.Equals)]
    [InlineData("between", ComparisonOperator.Between)]
    [InlineData("exists", ComparisonOperator.Exists)]
    public void Read_EveryField_IsAsWritten(string name, ComparisonOperator expected)
    {
        var criteria = Read(
            $$"""
            [{"id":"i\u0041","unknown":{"points":[1]},"name":"n","metric":"roe","operator":"{{name}}","value":"1.5","value2":2,"points":-7.25,
            "requiredFundamentals":["dividend_yield","roe"]},
            {"requiredFundamentals":null,"points":"0.00005","value2":null,"value":3,"operator":"gt","metric":"ev_ebitda","name":"","id":""}]
            """
        );

        var first = criteria[0];
        Assert.Equal((@"i\u0041", "n"), (Encoding.UTF8.GetString(first.IdJson.Span), Encoding.UTF8.GetString(first.NameJson.Span)));
        Assert.Equal(
            (Metric.Roe, expected, 1.5m, 2m, -72_500L),
            (first.Metric, first.Operator, first.Value, first.Upper, first.Points.Units)
        );
        Assert.Equal((1 << (int)Metric.DividendYield) | (1 << (int)Metric.Roe), first.Required);
        var second = criteria[1];
        Assert.Equal(
            (Metric.EvEbitda, ComparisonOperator.GreaterThan, 3m, 0m),
            (second.Metric, second.Operator, second.Value, second.Upper)
        );
        // Half of a ten-thousandth is rounded away from zero.
        Assert.Equal((1L, 0), (second.Points.Units, second.Required));
        Assert.Equal(2, criteria.Count);
    }

    [Theory]
    [InlineData("-100", -1_000_000)]
    [InlineData("100", 1_000_000)]
    public void Read_PointsAtTheirBounds_AreTaken(string points, long units) =>
        Assert.Equal(units, Assert.Single(Read($"[{Good("points", points)}]")).Points.Units);

    [Fact]
    public void Read_OnlyExistsWithoutANumber_AndOnlyBetweenWithTwo()
    {
        var exists = """{"id":"a","name":"a","metric":"roe","operator":"exists","points":1}""";

        var criterion = Assert.Single(Read($"[{exists}]"));

        Assert.Equal((0m, 0m), (criterion.Value, criterion.Upper));
        Assert.Equal("criteria[0].value is missing", Refused($"[{exists.Replace("exists", "gt", StringComparison.Ordinal)}]"));
    }

    [Fact]
    public void Read_ManyCriteria_AreTakenUpToSixtyFour()
    {
        List<Criterion> criteria = [default];

        CriteriaParser.Read(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(Good(), 64))}]"), criteria);

        Assert.Equal(64, criteria.Count);
        Assert.Equal("criteria[64].criteria has more than 64 entries", Refused($"[{string.Join(',', Enumerable.Repeat(Good(), 65))}]"));
        Assert.Throws<ArgumentNullException>("criteria", () => CriteriaParser.Read("[]"u8.ToArray(), null!));
    }

    [Theory]
    [InlineData("{}", "criteria[0].criteria must be an array")]
    [InlineData("null", "criteria[0].criteria must be an array")]
    [InlineData("[1]", "criteria[0].criterion must be an object")]
    [InlineData("[[]]", "criteria[0].criterion must be an object")]
    [InlineData("[{}]", "criteria[0].operator is missing")]
    [InlineData("", "criteria: not valid JSON (")]
    [InlineData("[", "criteria: not valid JSON (")]
    [InlineData("[{\"id\"", "criteria: not valid JSON (")]
    [InlineData("[{\"requiredFundamentals\":[", "criteria: not valid JSON (")]
    public void Read_WhatIsNoListOfCriteria_IsRefused(string json, string message) =>
        Assert.StartsWith(message, Refused(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("id", null, "id is missing")]
    [InlineData("name", null, "name is missing")]
    [InlineData("metric", null, "metric is missing")]
    [InlineData("operator", null, "operator is missing")]
    [InlineData("value", null, "value is missing")]
    [InlineData("value2", null, "value2 is missing: between needs an upper bound")]
    [InlineData("points", null, "points is missing")]
    [InlineData("id", "1", "id must be a string")]
    [InlineData("name", "null", "name must be a string")]
    [InlineData("metric", "[]", "metric must be a string")]
    [InlineData("operator", "{}", "operator must be a string")]
    [InlineData("id", "\"\\ud83d\"", "id must be Unicode text, without halves of surrogate pairs, not '\\ud83d'")]
    [InlineData("metric", "\"beauty\"", "metric 'beauty' is unknown; known are " + Known)]
    [InlineData("operator", "\"near\"", "operator 'near' is unknown; known are gt, gte, lt, lte, equals, between, exists")]
    [InlineData("value", "true", "value must be a decimal number, not 'true'")]
    [InlineData("value", "\"\"", "value must be a decimal number, not ''")]
    [InlineData("value2", "\"1,5\"", "value2 must be a decimal number, not '1,5'")]
    [InlineData("points", "\"ten\"", "points must be a decimal number, not 'ten'")]
    [InlineData("points", "100.0001", "points must be between -100 and 100, not 100.0001")]
    [InlineData("points", "-100.0001", "points must be between -100 and 100, not -100.0001")]
    [InlineData("requiredFundamentals", "\"roe\"", "requiredFundamentals must be an array")]
    [InlineData("requiredFundamentals", "[1]", "requiredFundamentals must be a string")]
    [InlineData("requiredFundamentals", "[\"beauty\"]", "requiredFundamentals 'beauty' is unknown; known are " + Known)]
    public void Read_WrongOrMissingField_IsNamed(string field, string? value, string message) =>
        Assert.Equal($"criteria[1].{message}", Refused($"[{Good()},{Good(field, value)}]"));

    /// <summary>It is stored and shown with the rest, so a half in an unknown field counts as well.</summary>
    [Fact]
    public void Read_HalfOfASurrogatePairAnywhere_IsRefusedWithItsPlace()
    {
        const string half = "must be Unicode text, without halves of surrogate pairs";

        Assert.Equal($@"criteria[0].\ud83d has a name that {half}", Refused("""[{"\ud83d":1}]"""));
        Assert.Equal($"criteria[1].note {half}", Refused($$"""[{{Good()}},{{Good("note", "\"\\udc00\"")}}]"""));
        Assert.Single(Read($"[{Good("name", "\"\\ud83d\\ude00\"")}]"));
        Assert.Single(Read($"[{Good("\\u006eote", "1")}]"));
    }

    [Fact]
    public void Read_FundamentalRequiredTwice_IsRequired() =>
        Assert.Equal(1 << (int)Metric.Roe, Assert.Single(Read($"[{Good("requiredFundamentals", "[\"roe\",\"roe\"]")}]")).Required);

    private static string Refused(string json)
    {
        var exception = Assert.Throws<CalculationException>(() => Read(json));
        Assert.Equal((CalculationStage.Load, "corrupt_criteria"), (exception.Stage, exception.Reason));
        return exception.Message;
    }

    private static List<Criterion> Read(string json)
    {
        List<Criterion> criteria = [];
        CriteriaParser.Read(Encoding.UTF8.GetBytes(json), criteria);
        return criteria;
    }

    /// <summary>A criterion with all fields, of which one is another, or left out where its value is null.</summary>
    private static string Good(string? field = null, string? value = null)
    {
        Dictionary<string, string?> fields = new()
        {
            ["id"] = "\"a\"",
            ["name"] = "\"a\"",
            ["metric"] = "\"roe\"",
            ["operator"] = "\"between\"",
            ["value"] = "1",
            ["value2"] = "2",
            ["points"] = "3",
            ["requiredFundamentals"] = "[]",
        };
        if (field is not null)
            fields[field] = value;
        return $"{{{string.Join(',', fields.Where(f => f.Value is not null).Select(f => $"\"{f.Key}\":{f.Value}"))}}}";
    }
}
