using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using Spectre.Console;

namespace Overnight.AppHost;

/// <summary>
/// What the resources say, a prefixed line each, and in a terminal below them one table of how they are. A line's own text ends the line,
/// so that what it holds can be copied, or cut out by a script.
/// </summary>
internal sealed partial class AppConsole(IReadOnlyList<Resource> resources, TextWriter? output) : IAsyncDisposable
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentQueue<string> lines = [];
    private readonly CancellationTokenSource ended = new();
    private readonly int width = resources.Select(r => r.Name.Length + (r is ProjectResource { Replicas: > 1 } ? 3 : 0)).Append(9).Max();
    private Task? screen;

    private static bool IsTerminal =>
        !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Profile.Capabilities.Ansi;

    public void Start()
    {
        if (output is null && IsTerminal)
            screen = ShowAsync();
    }

    public void Say(string text) => Line("overnight", text);

    public void Line(string label, string text)
    {
        var line = $"{label.PadRight(width)} | {Escapes().Replace(text, "")}";
        if (screen is null)
            (output ?? Console.Out).WriteLine(line);
        else
            lines.Enqueue(line);
    }

    public async ValueTask DisposeAsync()
    {
        if (!ended.IsCancellationRequested)
            await ended.CancelAsync();
        if (screen is not null)
            await screen;
    }

    private async Task ShowAsync()
    {
        var height = 0;
        List<string[]> before = [];
        while (true)
        {
            var last = ended.IsCancellationRequested;
            var rows = Rows();
            if (!lines.IsEmpty || rows.Count != before.Count || !rows.Zip(before).All(pair => pair.First.SequenceEqual(pair.Second)))
            {
                // The table goes, what was said takes its place, and the table comes back below. Only the terminal wraps, so a command is copied whole.
                StringBuilder text = new(height == 0 ? "" : $"\e[{height}A\r\e[J");
                while (lines.TryDequeue(out var line))
                    text.Append(line).Append(Environment.NewLine);
                await Console.Out.WriteAsync(text);
                height = Write(before = rows);
            }
            if (last)
                return;
            await Task.Delay(Refresh, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private List<string[]> Rows() =>
        [
            .. resources
                .Where(r => r is IResourceWithConnectionString or not ParameterResource)
                .Select(r =>
                    (string[])
                        [
                            r.Name,
                            r.Status.State,
                            r.Status.Url ?? "",
                            r.Status.LastLine,
                            r.Status.Failed ? "red"
                            : r.Status.State is "Running" or "Finished" ? "green"
                            : "yellow",
                        ]
                ),
        ];

    /// <returns>How many lines the table takes.</returns>
    private static int Write(List<string[]> rows)
    {
        var table = new Table().RoundedBorder().BorderColor(Color.Grey).AddColumns("Resource", "State", "URL", "Last line");
        // Five borders, two blanks a column, and one to spare: a table as wide as the terminal would wrap.
        var room = Math.Max(
            9,
            AnsiConsole.Profile.Width
                - 14
                - Enumerable.Range(0, 3).Sum(column => rows.Max(row => Math.Max("Resource".Length, row[column].Length)))
        );
        foreach (var row in rows)
        {
            var text = Escapes().Replace(row[3], "").ReplaceLineEndings(" ").Replace("\t", " ", StringComparison.Ordinal);
            table.AddRow(
                new Text(row[0]),
                new Markup($"[{row[4]}]{row[1]}[/]"),
                new Text(row[2]),
                new Text(text.Length <= room ? text : text[..(room - 1)] + "…")
            );
        }
        AnsiConsole.Write(table);
        return rows.Count + 4;
    }

    /// <summary>What would colour our lines, or move the cursor out of them.</summary>
    [GeneratedRegex(@"\e\[[0-9;?]*[A-Za-z]|\e")]
    private static partial Regex Escapes();
}
