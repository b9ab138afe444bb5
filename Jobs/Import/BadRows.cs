using Overnight.Jobs.Commands;

namespace Overnight.Jobs.Import;

/// <summary>A problem of a row, and where in the file it is.</summary>
/// <param name="Line">Line of the file at which the row begins, from 1.</param>
/// <param name="Column">Name in the header; null when the row as a whole is wrong.</param>
/// <param name="Value">As it stands in the file; null when the row as a whole is wrong.</param>
internal sealed record BadRow(int Line, string? Column, string? Value, string Problem)
{
    private const int MaxShown = 60;

    public override string ToString()
    {
        if (Column is null)
            return $"line {Line}: {Problem}";
        return $"line {Line}, column \"{Column}\": \"{Shorten(Value ?? "")}\" {Problem}";
    }

    /// <summary>Fit for a terminal: without control characters, and not longer than a line.</summary>
    public static string Shorten(string value)
    {
        var clean = string.Create(Math.Min(value.Length, MaxShown), value, (span, v) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(v[i]) ? '?' : v[i];
        });
        return value.Length > MaxShown ? clean + "..." : clean;
    }
}

/// <summary>The rows of a file that can't be used.</summary>
internal sealed class BadRows
{
    /// <summary>Problems that are described; further ones are only counted.</summary>
    private const int MaxKept = 100;

    private readonly List<BadRow> _problems = [];
    private int _lastLine,
        _omitted;

    /// <summary>Rows, not problems: one row can have several.</summary>
    public int Count { get; private set; }

    public IReadOnlyList<BadRow> Problems => _problems;

    public void Add(BadRow problem)
    {
        if (problem.Line != _lastLine)
            Count++;
        _lastLine = problem.Line;
        if (_problems.Count < MaxKept)
            _problems.Add(problem);
        else
            _omitted++;
    }

    public IEnumerable<string> Describe() =>
        _omitted == 0 ? _problems.Select(p => p.ToString()) : _problems.Select(p => p.ToString()).Append($"and {_omitted} more problems");
}

/// <summary>A file was refused for its bad rows; nothing of it was stored.</summary>
internal sealed class BadRowsException(string path, BadRows rows)
    : CommandException(
        $"{path}: nothing was imported, because {rows.Count} {(rows.Count == 1 ? "row is" : "rows are")} bad. Correct them, or import the others with --skip-bad-rows."
            + string.Concat(rows.Describe().Select(line => $"{Environment.NewLine}  {line}")),
        exitCode: CommandLine.Failed
    )
{
    public BadRows Rows { get; } = rows;
}
