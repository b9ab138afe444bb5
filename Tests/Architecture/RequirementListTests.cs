using System.Reflection;
using System.Text.RegularExpressions;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Architecture;

/// <summary>Holds <c>Tests/requirements.txt</c>: each statement is shown by tests, and each row is in the name of one.</summary>
public sealed class RequirementListTests
{
    private static readonly string[] Rows = ["A8b", "A9", "A10", "A11", "A12", "A13", "F4", "F5", "G1"];

    private static readonly IReadOnlyList<Statement> Statements =
    [
        .. Read(File.ReadAllLines(Path.Combine(Repository.Folder, "Tests", "requirements.txt"))),
    ];

    [Fact]
    public void List_EveryRow_IsInTheNameOfATestOfIts() =>
        Assert.Equal(
            [],
            Rows.Where(row =>
                !Statements
                    .Where(statement => statement.Row == row)
                    .SelectMany(statement => statement.Tests)
                    .Any(test => Regex.IsMatch(test, $"[._]{row}_"))
            )
        );

    [Fact]
    public void List_EveryStatement_IsOfARowAndHasATest() =>
        Assert.Equal(
            [],
            Statements.Where(statement => !Rows.Contains(statement.Row) || statement.Tests.Count == 0).Select(statement => statement.Text)
        );

    [Fact]
    public void List_EveryTest_IsThere()
    {
        var tests = typeof(RequirementListTests)
            .Assembly.GetTypes()
            .SelectMany(type => type.GetMethods())
            .Where(method => method.GetCustomAttribute<FactAttribute>() is not null)
            .Select(method => $"{method.DeclaringType!.Name}.{method.Name}")
            .ToHashSet();

        Assert.Equal([], Statements.SelectMany(statement => statement.Tests).Distinct().Where(test => !tests.Contains(test)));
    }

    /// <param name="Tests">Class and method of each.</param>
    private sealed record Statement(string Row, string Text, List<string> Tests);

    private static List<Statement> Read(IEnumerable<string> lines)
    {
        List<Statement> statements = [];
        foreach (var line in lines.Where(line => line.Length > 0 && line[0] != '#'))
        {
            if (line.StartsWith("= ", StringComparison.Ordinal))
                statements[^1].Tests.Add(line[2..]);
            else
                statements.Add(new(line.Split(' ')[0], line, []));
        }
        return statements;
    }
}
