using System.Reflection;
using System.Text.RegularExpressions;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Architecture;

/// <summary>
/// <c>Tests/mutations.txt</c> names, for every lock, time limit, isolation clause, authorisation, marker lifetime and cookie flag, the
/// test that fails without it; <c>.ci/mutate</c> tries them. Here the list is held to the code: what was added to the code is missing
/// in the list, and what was changed is no longer found.
/// </summary>
public sealed partial class MutationListTests
{
    private static readonly Mutation[] Listed = [.. Read(File.ReadAllLines(Path.Combine(Repository.Folder, "Tests", "mutations.txt")))];

    [Fact]
    public void Code_WhatAMutationTakesAway_IsListed()
    {
        List<string> missing = [];
        foreach (var file in ProductFiles())
        {
            var text = Source(file);
            var spans = Listed
                .Where(one => one.File == file)
                .Select(one => (From: text.IndexOf(one.Find, StringComparison.Ordinal), one.Find.Length));
            foreach (Match match in Pattern().Matches(text).Concat(IsClauseOfAnOwner(file) ? Clause().Matches(text) : []))
            {
                if (
                    !IsComment(text, match.Index)
                    && !spans.Any(span => span.From < match.Index + match.Length && match.Index < span.From + span.Length)
                )
                    missing.Add($"{file}:{text.AsSpan(0, match.Index).Count('\n') + 1}: {match.Value}");
            }
        }
        Assert.True(
            missing.Count == 0,
            $"Name in Tests/mutations.txt a change that takes each of these away, and the test that fails then:\n{string.Join('\n', missing)}"
        );
    }

    [Fact]
    public void List_EveryText_IsInItsFileOnceAndChanged() =>
        Assert.Empty(
            Listed
                .Where(one => Count(Source(one.File), one.Find) != 1 || one.Find == one.Make)
                .Select(one => $"{one.File} has this {Count(Source(one.File), one.Find)} times: {one.Find}")
        );

    [Fact]
    public void List_EveryTest_IsThere() =>
        Assert.Equal([], Listed.Where(one => one.Test is not null && !IsTest(one.Test)).Select(one => one.Test));

    [Fact]
    public void Read_OfRecords_TakesEachByItsLines()
    {
        string[] lines = ["# A list.", "", "a/b.cs", "- one", "-   two", "+ 1", "= N.C.T", "", "c.cs", "- x", "! It can't be told."];

        Assert.Equal([new("a/b.cs", "one\n  two", "1", "N.C.T"), new Mutation("c.cs", "x", null, null)], Read(lines));
        Assert.Throws<FormatException>(() => Read(["a.cs", "- x", "+ y"]).ToList());
        Assert.Throws<FormatException>(() => Read(["a.cs", "- x", "! "]).ToList());
    }

    /// <param name="Make">What is put in the place of the text; null where no test can tell.</param>
    /// <param name="Test">With namespace and class.</param>
    private sealed record Mutation(string File, string Find, string? Make, string? Test);

    private static IEnumerable<Mutation> Read(IEnumerable<string> lines)
    {
        foreach (
            var record in string.Join('\n', lines.Where(line => !line.StartsWith('#'))).Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        )
        {
            var parts = record.Trim('\n').Split('\n');
            if (parts[0].Length == 0)
                continue;
            var (find, make, test, reason) = (Of('-'), Of('+'), Of('='), Of('!'));
            if (find is null || (make is null) != (test is null) || (make is null) != (reason is { Length: > 0 }))
                throw new FormatException(
                    $"A record of mutations.txt has a file, its text (-), and either a change (+) and a test (=) or a reason (!):\n{record}"
                );
            yield return new(parts[0], find, make, test);

            string? Of(char mark) =>
                parts[1..].Where(line => line[0] == mark).Select(line => line.Length > 2 ? line[2..] : "").ToArray() is { Length: > 0 } some
                    ? string.Join('\n', some)
                    : null;
        }
    }

    private static IEnumerable<string> ProductFiles() =>
        ((string[])["Core", "Jobs", "Api"])
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Repository.Folder, project), "*.cs", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(Repository.Folder, path).Replace('\\', '/'))
            .Where(path => path.Split('/')[1] is not ("bin" or "obj"));

    private static string Source(string file) => File.ReadAllText(Path.Combine(Repository.Folder, file)).ReplaceLineEndings("\n");

    /// <summary>In Jobs an id says which users a batch has, and keeps nobody's data from anybody; but for what migrations grant.</summary>
    private static bool IsClauseOfAnOwner(string file) =>
        !file.StartsWith("Jobs/", StringComparison.Ordinal) || file.StartsWith("Jobs/Migrations/", StringComparison.Ordinal);

    /// <summary>Of C#, or of SQL.</summary>
    private static bool IsComment(string text, int index)
    {
        var line = text[(text.LastIndexOf('\n', index) + 1)..index].TrimStart();
        return line.StartsWith("//", StringComparison.Ordinal) || line.StartsWith("--", StringComparison.Ordinal);
    }

    private static int Count(string text, string part)
    {
        var count = 0;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + 1, StringComparison.Ordinal))
            count++;
        return count;
    }

    private static bool IsTest(string name) =>
        name.LastIndexOf('.') is > 0 and var dot
        && typeof(MutationListTests).Assembly.GetType(name[..dot])?.GetMethod(name[(dot + 1)..])?.GetCustomAttribute<FactAttribute>()
            is not null;

    [GeneratedRegex(
        """
            \bfor\ (?:no\ key\ update|key\ share|update|share)\b | \b(?:skip\ locked|nowait)\b
            | \b[a-z_]+_timeout\b | \bWaitForLocks\b | \bCommandTimeout\s*=(?!>) | \bTimeout\s*=\s*ReadTimeout\b | \bPrepareAsync\((?:\w+\.)?ReadTimeout\b
            | \bpg_(?:try_)?advisory_\w+ | \bAdvisoryLock\.TryTakeAsync\(
            | \btransaction\ read\ only\b | \bTenantRowSecurity\.Of\( | \bcreate\ policy\b | \benable\ row\ level\b
            | \.(?:RequireAuthorization|AllowAnonymous|AddPolicy|RequireRole|RequireAuthenticatedUser)\(
            | \bInvalidationTtl\b
            | \b(?:HttpOnly|Secure|SameSite)\s*=
            """,
        RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex Pattern();

    [GeneratedRegex(@"\b(?:tenant|user)_id\s*(?:=|in \()|\b(?:UserId|TenantId)\s*(?:==|!=)")]
    private static partial Regex Clause();
}
