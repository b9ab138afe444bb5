using System.CommandLine;
using System.Text.Json;
using Overnight.Jobs.Commands;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Input;

/// <summary>What <c>calculate</c> prints, and its exit codes.</summary>
public sealed class CalculateCommandTests(TestServers servers)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calculate_CaseWithHalfOfASurrogatePair_AnswersAllThreeAndExitsWithOne()
    {
        var (code, output, error) = await RunAsync(SharedData.Require("cases", "lone-surrogate-case", "input.jsonl"));

        Assert.Equal(CommandLine.Usage, code);
        var answers = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line)).ToList();
        Assert.Equal([1, 2, 3], answers.Select(answer => answer.GetProperty("case").GetInt32()));
        Assert.Equal([false, true, false], answers.Select(answer => answer.TryGetProperty("error", out _)));
        Assert.Contains("input.assets[0].symbol", answers[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("case 2: input.assets[0].symbol must be Unicode", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calculate_LineThatIsNoCase_ExitsWithOneAndWritesTheFile()
    {
        var folder = await servers.CreateFolderAsync();
        var (input, output) = (Path.Combine(folder, "input.jsonl"), Path.Combine(folder, "output.jsonl"));
        await File.WriteAllTextAsync(input, "{}\n", Ct);

        var (code, printed, error) = await RunAsync(input, "--output", output);

        Assert.Equal((CommandLine.Usage, $"0 calculated, 1 with errors: {output}"), (code, printed.TrimEnd()));
        Assert.NotEmpty(error);
        Assert.Contains("\"error\"", await File.ReadAllTextAsync(output, Ct), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string input, params string[] more)
    {
        RootCommand root = new() { CalculateCommand.Create() };
        await using StringWriter output = new(),
            error = new();
        var code = await CommandLine.RunAsync(root, ["calculate", "--input", input, .. more], output, error, Ct);
        return (code, output.ToString(), error.ToString());
    }
}
