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
