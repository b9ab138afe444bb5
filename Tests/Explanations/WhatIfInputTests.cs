using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Explanations;

/// <summary>Questions that can't be answered: each says which field is wrong, with its value.</summary>
public sealed partial class WhatIfInputTests(TestServers servers)
{
    private static readonly (string Body, string Field, string Message)[] Bad =
    [
        ("[]", "body", "must be an object"),
        ("{", "body", "must be JSON"),
        ("""{"amount":1}""", "amount", "is not known; known are contribution, targets"),
        ("""{"contribution":"-1"}""", "contribution", "must be between 0 and 922337203685477.5807, not -1"),
        ("""{"contribution":"1e30"}""", "contribution", "must be a decimal number, not \"1e30\""),
        ("""{"contribution":{}}""", "contribution", "must be a decimal number, not {}"),
        ("""{"contribution":1,"contribution":2}""", "contribution", "must be given once"),
        ("""{"targets":{}}""", "targets", "must be an array, not {}"),
        ("""{"targets":[1]}""", "targets[0]", "must be an object with classId, targetMin, targetMax, minAmount, not 1"),
        ("""{"targets":[{"classId":"x"}]}""", "targets[0].classId", "must be an id such as"),
        ("""{"targets":[{"classId":"CLASS","targetMin":101}]}""", "targets[0].targetMin", "must be between 0 and 100, not 101"),
        (
            """{"targets":[{"classId":"CLASS","targetMin":50,"targetMax":40}]}""",
            "targets[0].targetMin",
            "50.0000 is above targetMax 40.0000"
        ),
        ("""{"targets":[{"classId":"CLASS"},{"classId":"CLASS"}]}""", "targets[1].classId", "is named twice"),
        ("""{"targets":[{"classId":"CLASS","max":1}]}""", "targets[0].max", "is not known"),
        ("""{"targets":[{"classId":"00000000-0000-0000-0000-000000000001"}]}""", "targets[0].classId", "is no class of this result"),
        ("""{"criteria":[]}""", "criteria", "must have one criterion or more"),
        ("""{"criteria":null}""", "criteria", "must be an array, not null"),
        (
            """{"criteria":[{"id":"a","name":"A","metric":"roe","operator":"gt","value":1,"points":101}]}""",
            "criteria[0].points",
            "must be between -100 and 100, not 101"
        ),
        (
            """{"criteria":[{"id":"a","name":"A","metric":"luck","operator":"gt","value":1,"points":1}]}""",
            "criteria[0].metric",
            "'luck' is unknown; known are"
        ),
        (
            """{"criteria":[{"id":"a","name":"A","metric":"roe","operator":"between","value":1,"points":1}]}""",
            "criteria[0].value2",
            "is missing"
        ),
        ("""{"fundamental":1}""", "fundamental", "must be an object with assetId, metric, value, not 1"),
        ("""{"fundamental":{"assetId":"CLASS","metric":"roe","value":1}}""", "fundamental.assetId", "is no holding of this result"),
        ("""{"fundamental":{"assetId":"CLASS","metric":"luck","value":1}}""", "fundamental.metric", "must be one of dividend_yield"),
        ("""{"fundamental":{"assetId":"CLASS","metric":"roe"}}""", "fundamental.value", "must be a decimal number, not left out"),
        (
            """{"fundamental":{"assetId":"CLASS","metric":"roe","value":"100000000000000000000"}}""",
            "fundamental.value",
            "must be between -10^20 and 10^20"
        ),
        ("""{"shift":{"classId":"CLASS","points":"99.99"}}""", "shift.points", "must leave both ends of"),
        ("""{"shift":{"classId":"CLASS","points":"101"}}""", "shift.points", "must be between -100 and 100, not 101"),
        ("""{"cash":{"amount":1}}""", "cash.classId", "must be an id such as"),
        ("""{"cash":{"classId":null,"amount":-999999999}}""", "cash.amount", "leaves its class with a value below 0"),
        ("""{"cash":{"classId":"CLASS","amount":922337203685477}}""", "cash.amount", "the largest value that can be calculated is"),
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task BadQuestion_Is400ByFieldWithTheValue()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var id = await ClassAsync(night);
        foreach (var (body, field, message) in Bad)
        {
            var problem = await night.AskAsync(
                "/api/what-if",
                body.Replace("CLASS", $"{id}", StringComparison.Ordinal),
                status: HttpStatusCode.BadRequest
            );
            Assert.Contains(message, problem["errors"]![field]?[0]?.GetValue<string>() ?? problem.ToJsonString(), StringComparison.Ordinal);
        }
    }

    /// <summary>A question cut, doubled and with other values in its places: an answer or errors by field, and never a failure.</summary>
    [Fact]
    public async Task BadQuestions_ByTheHundred_AreNeverAFailure()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var id = await ClassAsync(night);
        var whole = $$"""
            {"contribution":"10","targets":[{"classId":"{{id}}","targetMin":"1","targetMax":"2","minAmount":"3"}],"criteria":[{"id":"a","name":"A","metric":"roe","operator":"between","value":"1","value2":"2","points":10,"requiredFundamentals":["roe"]}],"fundamental":{"assetId":"{{id}}","metric":"roe","value":"5"},"shift":{"classId":"{{id}}","points":"0.5"},"cash":{"classId":null,"amount":"12"} }
            """;
        string[] values =
        [
            "null",
            "true",
            "-1",
            "1e400",
            "-79228162514264337593543950335",
            "\"\\ud800\"",
            "\"\"",
            "[]",
            "[[]]",
            "{}",
            "[{}]",
            "\"NaN\"",
            "0.00000000000000000000000000001",
            "{\"a\":{\"a\":1}}",
        ];
        Random random = new(8);
        List<string> failed = [];
        var tokens = Tokens().Matches(whole);
        for (var i = 0; i < 300; i++)
        {
            var body = whole;
            for (var n = random.Next(1, 3); n > 0; n--)
            {
                var token = tokens[random.Next(tokens.Count)];
                if (token.Index + token.Length <= body.Length)
                    body = random.Next(4) switch
                    {
                        0 => body[..token.Index],
                        1 => body.Remove(token.Index, token.Length),
                        _ => string.Concat(
                            body.AsSpan(0, token.Index),
                            values[random.Next(values.Length)],
                            body.AsSpan(token.Index + token.Length)
                        ),
                    };
            }
            using HttpRequestMessage request = new(HttpMethod.Post, "/api/what-if")
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            request.Headers.Authorization = new("Bearer", night.Token);
            using var answer = await night.App.Http.SendAsync(request, Ct);
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.BadRequest))
                failed.Add($"{(int)answer.StatusCode} {body}");
        }
        Assert.Empty(failed);
    }

    [Fact]
    public async Task Body_ThatIsTooLong_Is400AndOneByteLessIsRead()
    {
        await using var night = await ExplanationNight.CreateAsync(servers);
        var longest = new string(' ', 48 * 1024 - 2) + "{}";

        await night.AskAsync("/api/what-if", longest);
        var problem = await night.AskAsync("/api/what-if", " " + longest, status: HttpStatusCode.BadRequest);

        Assert.Equal("must be at most 49152 bytes", problem["errors"]!["body"]![0]!.GetValue<string>());
    }

    private static Task<Guid> ClassAsync(ExplanationNight night) =>
        night.Night.ScalarAsync<Guid>("select id from asset_classes where user_id = $1 order by name limit 1", Ct, night.User);

    [GeneratedRegex("""("[^"]*"|\d+|null|[\[\]{},:])""")]
    private static partial Regex Tokens();
}
