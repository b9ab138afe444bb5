using System.Text.Json;
using Overnight.Core.Explanations;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Explanations;

/// <summary>SPEC C7, against the worked cases in <c>cases</c>, which anyone can run: see the README there.</summary>
public sealed class ExplanationCaseTests
{
    [Fact]
    public void C7_WorkedCasesOfWhy_AllAgree() =>
        AssertAgree("why", one => CoreAnswers.Why(Input(one, "input")), one => one.Deserialize<List<WhyAnswer>>(CaseInput.Json)!);

    [Fact]
    public void C7_WorkedCasesOfWhatWouldHaveMadeItFirst_AllAgree() =>
        AssertAgree(
            "first",
            one =>
            {
                var input = Input(one, "input");
                return Enumerable.Range(0, input.Holdings.Count).Select(i => CoreAnswers.First(input, i, CashGrid.Default)).ToList();
            },
            one => one.Deserialize<List<FirstAnswer>>(CaseInput.Json)!
        );

    [Fact]
    public void C7_WorkedCasesOfWhatChanged_AllAgree() =>
        AssertAgree(
            "changes",
            one => CoreAnswers.Changes(Input(one, "before"), Input(one, "after")),
            one => one.Deserialize<ChangesAnswer>(CaseInput.Json)!
        );

    [Fact]
    public void C8_WorkedCasesOfWhatIf_AllAgree() =>
        AssertAgree(
            "what-if",
            one => CoreWhatIf.Answer(Input(one, "input"), one.GetProperty("change").Deserialize<CaseChange>(CaseInput.Json)!),
            one => one.Deserialize<WhatIfCaseAnswer>(CaseInput.Json)!
        );

    /// <summary>
    /// The oracle over more cases than are written down; with <c>EXPLANATION_CASES</c> the first of them are written there.
    /// </summary>
    [Fact]
    public void C8_WhatIfsOfRandomPortfolios_AreTheOracles()
    {
        List<string> written = [];
        for (var number = 0; number < 1_000; number++)
        {
            RandomCase random = new(new Random(number + 80_000));
            var input = random.Next();
            var change = random.Change(input);

            var expected = SpecWhatIf.Answer(input, change);

            var (one, other) = (Json(expected), Json(CoreWhatIf.Answer(input, change)));
            Assert.True(one == other, $"case {number}: expected {one}, found {other}\n{Json(input)}\n{Json(change)}");
            if (number < 40)
                written.Add(
                    JsonSerializer.Serialize(
                        new
                        {
                            @case = $"{number}",
                            input,
                            change,
                            expected,
                        },
                        CaseInput.Json
                    )
                );
        }
        if (Environment.GetEnvironmentVariable("EXPLANATION_CASES") is { Length: > 0 } folder)
            File.WriteAllLines(Path.Combine(folder, "what-if.jsonl"), written);

        static string Json<T>(T value) => JsonSerializer.Serialize(value, CaseInput.Json);
    }

    private static void AssertAgree<T>(string name, Func<JsonElement, T> answer, Func<JsonElement, T> read)
    {
        var cases = File.ReadLines(Path.Combine(Repository.Folder, "Tests", "Explanations", "cases", $"{name}.jsonl")).ToList();
        Assert.True(cases.Count >= 20);
        Assert.All(cases, line =>
        {
            var one = JsonDocument.Parse(line).RootElement;
            Assert.Equal(
                JsonSerializer.Serialize(read(one.GetProperty("expected")), CaseInput.Json),
                JsonSerializer.Serialize(answer(one), CaseInput.Json)
            );
        });
    }

    private static CaseInput Input(JsonElement one, string field) => one.GetProperty(field).Deserialize<CaseInput>(CaseInput.Json)!;
}
